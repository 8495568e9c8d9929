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
  "closed_on" TEXT,
  "continues_case_id" TEXT,
  "restricted_since" TEXT
) STRICT;
CREATE INDEX "kreissync_mention_case_file_worker_id" ON "case_file" ("worker_id");

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
  "decision_ref" TEXT,
  "seen" TEXT
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

CREATE TABLE "site_area" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "site_id" TEXT,
  "ags" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "successor_ags" TEXT
) STRICT;

CREATE TABLE "worker" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "site_id" TEXT,
  "display_name" TEXT,
  "role" TEXT,
  "qualification" TEXT,
  "active_from" TEXT,
  "active_to" TEXT,
  "bound_by_secrecy" INTEGER
) STRICT;

CREATE TABLE "programme_period" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "state" TEXT,
  "code" TEXT,
  "version" INTEGER,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "recorded_at" INTEGER,
  "plan_deadline_ordinal" INTEGER,
  "typical_months" INTEGER,
  "max_months" INTEGER,
  "rate_cents_per_fte" INTEGER,
  "quota_basis_points" INTEGER,
  "threshold_cents" INTEGER,
  "min_fte_thousandths" INTEGER,
  "funding_months_max" INTEGER
) STRICT;

CREATE TABLE "grant_allocation" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "programme_id" TEXT,
  "entitled_ags" TEXT,
  "recipient_site" TEXT,
  "executing_site" TEXT,
  "mode" TEXT,
  "cutoff_date" TEXT,
  "headcount" INTEGER,
  "fte_thousandths" INTEGER,
  "amount_cents" INTEGER,
  "decision_ref" TEXT,
  "period_from" TEXT,
  "period_to" TEXT,
  "status" TEXT
) STRICT;

CREATE TABLE "position" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "worker_id" TEXT,
  "grant_id" TEXT,
  "fte_thousandths" INTEGER,
  "rate_cents" INTEGER,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "funded_months" INTEGER
) STRICT;

CREATE TABLE "person_need" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "kind" TEXT,
  "need_only" INTEGER,
  "text" TEXT,
  "consent_id" TEXT
) STRICT;
CREATE INDEX "kreissync_case_person_need" ON "person_need" ("case_id");

CREATE TABLE "residence" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "ags" TEXT,
  "kind" TEXT,
  "street" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "allotted_by" TEXT,
  "residence_obligation_until" TEXT
) STRICT;
CREATE INDEX "kreissync_case_residence" ON "residence" ("case_id");

CREATE TABLE "legal_status" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "code" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "source" TEXT,
  "seen_on" TEXT
) STRICT;
CREATE INDEX "kreissync_case_legal_status" ON "legal_status" ("case_id");

CREATE TABLE "qualification" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "area" TEXT,
  "level" TEXT,
  "certificate" TEXT,
  "recognition_state" TEXT,
  "on_date" TEXT
) STRICT;
CREATE INDEX "kreissync_case_qualification" ON "qualification" ("case_id");

CREATE TABLE "responsibility" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "epoch" INTEGER,
  "from_site" TEXT,
  "to_site" TEXT,
  "kind" TEXT,
  "effective_on" TEXT,
  "legal_ground" TEXT,
  "decision_ref" TEXT,
  "state" TEXT
) STRICT;
CREATE INDEX "kreissync_case_responsibility" ON "responsibility" ("case_id");

CREATE TABLE "referral" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "service_site_id" TEXT,
  "on_date" TEXT,
  "reason_area" TEXT,
  "consent_id" TEXT,
  "state" TEXT,
  "result" TEXT
) STRICT;
CREATE INDEX "kreissync_case_referral" ON "referral" ("case_id");
