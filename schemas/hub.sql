-- The hub: domain tables with the names and columns of the replica.
-- Derived from caseload.toml, version 1. Renew this file with:
--   kreissync schema sql --hub > schemas/hub.sql

CREATE TABLE "site" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "kind" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "ags" TEXT,
  "ars" TEXT,
  "controller_name" TEXT,
  "mbe_jmd" INTEGER,
  "valid_from" TEXT,
  "valid_to" TEXT
) STRICT;

CREATE TABLE "case_file" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "programme_id" TEXT,
  "opened_on" TEXT,
  "phase" TEXT NOT NULL DEFAULT 'open',
  "close_reason" TEXT,
  "priority" INTEGER,
  "priority_reason" TEXT,
  "worker_id" TEXT,
  "months_exception" INTEGER,
  "closed_on" TEXT
) STRICT;

CREATE TABLE "person" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "family_name" TEXT,
  "given_names" TEXT,
  "name_native" TEXT,
  "birth_date" TEXT,
  "birth_date_precision" TEXT,
  "sex" TEXT,
  "nationality" TEXT,
  "languages" TEXT,
  "phone" TEXT,
  "email" TEXT,
  "household_id" TEXT,
  "household_role" TEXT
) STRICT;
CREATE INDEX "kreissync_case_person" ON "person" ("case_id");

CREATE TABLE "consent" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "purpose" TEXT NOT NULL,
  "recipient_site" TEXT,
  "basis" TEXT,
  "event" TEXT NOT NULL,
  "on_date" TEXT,
  "text_version" TEXT,
  "language" TEXT,
  "interpreter" INTEGER,
  "form" TEXT,
  "document_ref" TEXT,
  "decision_ref" TEXT
) STRICT;
CREATE INDEX "kreissync_case_consent" ON "consent" ("case_id");

CREATE TABLE "consultation" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "worker_id" TEXT,
  "on_date" TEXT,
  "kind" TEXT,
  "mode" TEXT,
  "language" TEXT,
  "interpreter" INTEGER,
  "topics" TEXT,
  "minutes" INTEGER,
  "note" TEXT
) STRICT;
CREATE INDEX "kreissync_case_consultation" ON "consultation" ("case_id");

CREATE TABLE "plan" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "version" INTEGER,
  "created_on" TEXT,
  "review_due" TEXT,
  "agreed_by_client" INTEGER,
  "state" TEXT
) STRICT;
CREATE INDEX "kreissync_case_plan" ON "plan" ("case_id");

CREATE TABLE "plan_goal" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "plan_id" TEXT,
  "area" TEXT,
  "text" TEXT,
  "target_date" TEXT,
  "state" TEXT,
  "step_owner" TEXT
) STRICT;
CREATE INDEX "kreissync_case_plan_goal" ON "plan_goal" ("case_id");
