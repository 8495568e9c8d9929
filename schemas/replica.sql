-- The replica: domain tables, change log, capture triggers.
-- Derived from caseload.toml, version 1. Renew this file with:
--   kreissync schema sql > schemas/replica.sql

CREATE TABLE "site" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "kind" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "ags" TEXT,
  "ars" TEXT,
  "controller_name" TEXT,
  "mbe_jmd" INTEGER DEFAULT 0,
  "valid_from" TEXT,
  "valid_to" TEXT
) STRICT;

CREATE TABLE "case_file" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
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

CREATE TABLE "person" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
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
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
  "purpose" TEXT NOT NULL,
  "recipient_site" TEXT,
  "basis" TEXT DEFAULT 'consent',
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
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
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
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
  "version" INTEGER DEFAULT 1,
  "created_on" TEXT,
  "review_due" TEXT,
  "agreed_by_client" INTEGER,
  "state" TEXT DEFAULT 'draft'
) STRICT;
CREATE INDEX "kreissync_case_plan" ON "plan" ("case_id");

CREATE TABLE "plan_goal" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
  "plan_id" TEXT REFERENCES "plan" ("id") DEFERRABLE INITIALLY DEFERRED,
  "area" TEXT,
  "text" TEXT,
  "target_date" TEXT,
  "state" TEXT DEFAULT 'open',
  "step_owner" TEXT
) STRICT;
CREATE INDEX "kreissync_case_plan_goal" ON "plan_goal" ("case_id");
CREATE INDEX "kreissync_reference_plan_goal_plan_id" ON "plan_goal" ("plan_id");

CREATE TABLE "site_area" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "site_id" TEXT,
  "ags" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "successor_ags" TEXT
) STRICT;

CREATE TABLE "worker" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "site_id" TEXT,
  "display_name" TEXT,
  "role" TEXT,
  "qualification" TEXT,
  "active_from" TEXT,
  "active_to" TEXT,
  "bound_by_secrecy" INTEGER
) STRICT;

CREATE TABLE "programme_period" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "state" TEXT,
  "code" TEXT,
  "version" INTEGER DEFAULT 1,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "recorded_at" INTEGER,
  "plan_deadline_ordinal" INTEGER,
  "typical_months" INTEGER DEFAULT 8,
  "max_months" INTEGER,
  "rate_cents_per_fte" INTEGER,
  "quota_basis_points" INTEGER DEFAULT 7125,
  "threshold_cents" INTEGER DEFAULT 5100000,
  "min_fte_thousandths" INTEGER DEFAULT 250,
  "funding_months_max" INTEGER
) STRICT;

CREATE TABLE "grant_allocation" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
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
  "status" TEXT DEFAULT 'planned'
) STRICT;

CREATE TABLE "position" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "worker_id" TEXT,
  "grant_id" TEXT,
  "fte_thousandths" INTEGER,
  "rate_cents" INTEGER,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "funded_months" INTEGER
) STRICT;

CREATE TABLE "person_need" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
  "kind" TEXT,
  "need_only" INTEGER DEFAULT 1,
  "text" TEXT,
  "consent_id" TEXT REFERENCES "consent" ("id") DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX "kreissync_case_person_need" ON "person_need" ("case_id");
CREATE INDEX "kreissync_reference_person_need_consent_id" ON "person_need" ("consent_id");

CREATE TABLE "residence" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
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
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
  "code" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "source" TEXT,
  "seen_on" TEXT
) STRICT;
CREATE INDEX "kreissync_case_legal_status" ON "legal_status" ("case_id");

CREATE TABLE "qualification" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
  "area" TEXT,
  "level" TEXT,
  "certificate" TEXT,
  "recognition_state" TEXT,
  "on_date" TEXT
) STRICT;
CREATE INDEX "kreissync_case_qualification" ON "qualification" ("case_id");

CREATE TABLE "responsibility" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
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
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) >> 16, CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) & 65535, random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)),
  "case_id" TEXT NOT NULL REFERENCES "case_file" ("id") DEFERRABLE INITIALLY DEFERRED,
  "service_site_id" TEXT,
  "on_date" TEXT,
  "reason_area" TEXT,
  "consent_id" TEXT REFERENCES "consent" ("id") DEFERRABLE INITIALLY DEFERRED,
  "state" TEXT,
  "result" TEXT
) STRICT;
CREATE INDEX "kreissync_case_referral" ON "referral" ("case_id");
CREATE INDEX "kreissync_reference_referral_consent_id" ON "referral" ("consent_id");

CREATE TABLE "kreissync_log" (
  "n" INTEGER PRIMARY KEY, "t", "k", "m", "id", "c", "at", "tag", "v"
);

CREATE TRIGGER "kreissync_refuse_insert_site"
BEFORE INSERT ON "site"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table site is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_refuse_update_site"
BEFORE UPDATE ON "site"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table site is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_refuse_delete_site"
BEFORE DELETE ON "site"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table site is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_capture_insert_case_file"
AFTER INSERT ON "case_file"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (2, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_case_file"
AFTER UPDATE ON "case_file"
WHEN OLD."id" IS NEW."id"
  AND (OLD."programme_id" IS NOT NEW."programme_id"
    OR OLD."opened_on" IS NOT NEW."opened_on"
    OR OLD."phase" IS NOT NEW."phase"
    OR OLD."close_reason" IS NOT NEW."close_reason"
    OR OLD."priority" IS NOT NEW."priority"
    OR OLD."priority_reason" IS NOT NEW."priority_reason"
    OR OLD."worker_id" IS NOT NEW."worker_id"
    OR OLD."months_exception" IS NOT NEW."months_exception"
    OR OLD."closed_on" IS NOT NEW."closed_on"
    OR OLD."continues_case_id" IS NOT NEW."continues_case_id"
    OR OLD."restricted_since" IS NOT NEW."restricted_since")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (2, 2, (OLD."programme_id" IS NOT NEW."programme_id") * 1
    + (OLD."opened_on" IS NOT NEW."opened_on") * 2
    + (OLD."phase" IS NOT NEW."phase") * 4
    + (OLD."close_reason" IS NOT NEW."close_reason") * 8
    + (OLD."priority" IS NOT NEW."priority") * 16
    + (OLD."priority_reason" IS NOT NEW."priority_reason") * 32
    + (OLD."worker_id" IS NOT NEW."worker_id") * 64
    + (OLD."months_exception" IS NOT NEW."months_exception") * 128
    + (OLD."closed_on" IS NOT NEW."closed_on") * 256
    + (OLD."continues_case_id" IS NOT NEW."continues_case_id") * 512
    + (OLD."restricted_since" IS NOT NEW."restricted_since") * 1024, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_case_file"
AFTER UPDATE OF "id" ON "case_file"
WHEN OLD."id" IS NOT NEW."id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (2, 3, 0, OLD."id", OLD."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."programme_id") || ',' || quote(OLD."opened_on") || ',' || quote(OLD."phase") || ',' || quote(OLD."close_reason") || ',' || quote(OLD."priority") || ',' || quote(OLD."priority_reason") || ',' || quote(OLD."worker_id") || ',' || quote(OLD."months_exception") || ',' || quote(OLD."closed_on") || ',' || quote(OLD."continues_case_id") || ',' || quote(OLD."restricted_since"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (2, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_case_file"
AFTER DELETE ON "case_file"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (2, 3, 0, OLD."id", OLD."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."programme_id") || ',' || quote(OLD."opened_on") || ',' || quote(OLD."phase") || ',' || quote(OLD."close_reason") || ',' || quote(OLD."priority") || ',' || quote(OLD."priority_reason") || ',' || quote(OLD."worker_id") || ',' || quote(OLD."months_exception") || ',' || quote(OLD."closed_on") || ',' || quote(OLD."continues_case_id") || ',' || quote(OLD."restricted_since"));
END;

CREATE TRIGGER "kreissync_note_insert_case_file"
BEFORE INSERT ON "case_file"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 2, 4, (held."programme_id" IS NOT NEW."programme_id") * 1
    + (held."opened_on" IS NOT NEW."opened_on") * 2
    + (held."phase" IS NOT NEW."phase") * 4
    + (held."close_reason" IS NOT NEW."close_reason") * 8
    + (held."priority" IS NOT NEW."priority") * 16
    + (held."priority_reason" IS NOT NEW."priority_reason") * 32
    + (held."worker_id" IS NOT NEW."worker_id") * 64
    + (held."months_exception" IS NOT NEW."months_exception") * 128
    + (held."closed_on" IS NOT NEW."closed_on") * 256
    + (held."continues_case_id" IS NOT NEW."continues_case_id") * 512
    + (held."restricted_since" IS NOT NEW."restricted_since") * 1024, held."id", held."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."programme_id") || ',' || quote(held."opened_on") || ',' || quote(held."phase") || ',' || quote(held."close_reason") || ',' || quote(held."priority") || ',' || quote(held."priority_reason") || ',' || quote(held."worker_id") || ',' || quote(held."months_exception") || ',' || quote(held."closed_on") || ',' || quote(held."continues_case_id") || ',' || quote(held."restricted_since")
    FROM "case_file" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_case_file"
BEFORE UPDATE OF "id" ON "case_file"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 2, 4, 0, held."id", held."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."programme_id") || ',' || quote(held."opened_on") || ',' || quote(held."phase") || ',' || quote(held."close_reason") || ',' || quote(held."priority") || ',' || quote(held."priority_reason") || ',' || quote(held."worker_id") || ',' || quote(held."months_exception") || ',' || quote(held."closed_on") || ',' || quote(held."continues_case_id") || ',' || quote(held."restricted_since")
    FROM "case_file" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_person"
AFTER INSERT ON "person"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (3, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_person"
AFTER UPDATE ON "person"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."family_name" IS NOT NEW."family_name"
    OR OLD."given_names" IS NOT NEW."given_names"
    OR OLD."name_native" IS NOT NEW."name_native"
    OR OLD."birth_date" IS NOT NEW."birth_date"
    OR OLD."birth_date_precision" IS NOT NEW."birth_date_precision"
    OR OLD."sex" IS NOT NEW."sex"
    OR OLD."nationality" IS NOT NEW."nationality"
    OR OLD."languages" IS NOT NEW."languages"
    OR OLD."phone" IS NOT NEW."phone"
    OR OLD."email" IS NOT NEW."email"
    OR OLD."household_id" IS NOT NEW."household_id"
    OR OLD."household_role" IS NOT NEW."household_role")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (3, 2, (OLD."family_name" IS NOT NEW."family_name") * 1
    + (OLD."given_names" IS NOT NEW."given_names") * 2
    + (OLD."name_native" IS NOT NEW."name_native") * 4
    + (OLD."birth_date" IS NOT NEW."birth_date") * 8
    + (OLD."birth_date_precision" IS NOT NEW."birth_date_precision") * 16
    + (OLD."sex" IS NOT NEW."sex") * 32
    + (OLD."nationality" IS NOT NEW."nationality") * 64
    + (OLD."languages" IS NOT NEW."languages") * 128
    + (OLD."phone" IS NOT NEW."phone") * 256
    + (OLD."email" IS NOT NEW."email") * 512
    + (OLD."household_id" IS NOT NEW."household_id") * 1024
    + (OLD."household_role" IS NOT NEW."household_role") * 2048, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_person"
AFTER UPDATE OF "id", "case_id" ON "person"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (3, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."family_name") || ',' || quote(OLD."given_names") || ',' || quote(OLD."name_native") || ',' || quote(OLD."birth_date") || ',' || quote(OLD."birth_date_precision") || ',' || quote(OLD."sex") || ',' || quote(OLD."nationality") || ',' || quote(OLD."languages") || ',' || quote(OLD."phone") || ',' || quote(OLD."email") || ',' || quote(OLD."household_id") || ',' || quote(OLD."household_role"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (3, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_person"
AFTER DELETE ON "person"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (3, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."family_name") || ',' || quote(OLD."given_names") || ',' || quote(OLD."name_native") || ',' || quote(OLD."birth_date") || ',' || quote(OLD."birth_date_precision") || ',' || quote(OLD."sex") || ',' || quote(OLD."nationality") || ',' || quote(OLD."languages") || ',' || quote(OLD."phone") || ',' || quote(OLD."email") || ',' || quote(OLD."household_id") || ',' || quote(OLD."household_role"));
END;

CREATE TRIGGER "kreissync_note_insert_person"
BEFORE INSERT ON "person"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 3, 4, (held."family_name" IS NOT NEW."family_name") * 1
    + (held."given_names" IS NOT NEW."given_names") * 2
    + (held."name_native" IS NOT NEW."name_native") * 4
    + (held."birth_date" IS NOT NEW."birth_date") * 8
    + (held."birth_date_precision" IS NOT NEW."birth_date_precision") * 16
    + (held."sex" IS NOT NEW."sex") * 32
    + (held."nationality" IS NOT NEW."nationality") * 64
    + (held."languages" IS NOT NEW."languages") * 128
    + (held."phone" IS NOT NEW."phone") * 256
    + (held."email" IS NOT NEW."email") * 512
    + (held."household_id" IS NOT NEW."household_id") * 1024
    + (held."household_role" IS NOT NEW."household_role") * 2048, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."family_name") || ',' || quote(held."given_names") || ',' || quote(held."name_native") || ',' || quote(held."birth_date") || ',' || quote(held."birth_date_precision") || ',' || quote(held."sex") || ',' || quote(held."nationality") || ',' || quote(held."languages") || ',' || quote(held."phone") || ',' || quote(held."email") || ',' || quote(held."household_id") || ',' || quote(held."household_role")
    FROM "person" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_person"
BEFORE UPDATE OF "id" ON "person"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 3, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."family_name") || ',' || quote(held."given_names") || ',' || quote(held."name_native") || ',' || quote(held."birth_date") || ',' || quote(held."birth_date_precision") || ',' || quote(held."sex") || ',' || quote(held."nationality") || ',' || quote(held."languages") || ',' || quote(held."phone") || ',' || quote(held."email") || ',' || quote(held."household_id") || ',' || quote(held."household_role")
    FROM "person" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_consent"
AFTER INSERT ON "consent"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (4, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_consent"
AFTER UPDATE ON "consent"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."purpose" IS NOT NEW."purpose"
    OR OLD."recipient_site" IS NOT NEW."recipient_site"
    OR OLD."basis" IS NOT NEW."basis"
    OR OLD."event" IS NOT NEW."event"
    OR OLD."on_date" IS NOT NEW."on_date"
    OR OLD."text_version" IS NOT NEW."text_version"
    OR OLD."language" IS NOT NEW."language"
    OR OLD."interpreter" IS NOT NEW."interpreter"
    OR OLD."form" IS NOT NEW."form"
    OR OLD."document_ref" IS NOT NEW."document_ref"
    OR OLD."decision_ref" IS NOT NEW."decision_ref"
    OR OLD."seen" IS NOT NEW."seen")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (4, 2, (OLD."purpose" IS NOT NEW."purpose") * 1
    + (OLD."recipient_site" IS NOT NEW."recipient_site") * 2
    + (OLD."basis" IS NOT NEW."basis") * 4
    + (OLD."event" IS NOT NEW."event") * 8
    + (OLD."on_date" IS NOT NEW."on_date") * 16
    + (OLD."text_version" IS NOT NEW."text_version") * 32
    + (OLD."language" IS NOT NEW."language") * 64
    + (OLD."interpreter" IS NOT NEW."interpreter") * 128
    + (OLD."form" IS NOT NEW."form") * 256
    + (OLD."document_ref" IS NOT NEW."document_ref") * 512
    + (OLD."decision_ref" IS NOT NEW."decision_ref") * 1024
    + (OLD."seen" IS NOT NEW."seen") * 2048, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_consent"
AFTER UPDATE OF "id", "case_id" ON "consent"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (4, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."purpose") || ',' || quote(OLD."recipient_site") || ',' || quote(OLD."basis") || ',' || quote(OLD."event") || ',' || quote(OLD."on_date") || ',' || quote(OLD."text_version") || ',' || quote(OLD."language") || ',' || quote(OLD."interpreter") || ',' || quote(OLD."form") || ',' || quote(OLD."document_ref") || ',' || quote(OLD."decision_ref") || ',' || quote(OLD."seen"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (4, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_consent"
AFTER DELETE ON "consent"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (4, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."purpose") || ',' || quote(OLD."recipient_site") || ',' || quote(OLD."basis") || ',' || quote(OLD."event") || ',' || quote(OLD."on_date") || ',' || quote(OLD."text_version") || ',' || quote(OLD."language") || ',' || quote(OLD."interpreter") || ',' || quote(OLD."form") || ',' || quote(OLD."document_ref") || ',' || quote(OLD."decision_ref") || ',' || quote(OLD."seen"));
END;

CREATE TRIGGER "kreissync_note_insert_consent"
BEFORE INSERT ON "consent"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 4, 4, (held."purpose" IS NOT NEW."purpose") * 1
    + (held."recipient_site" IS NOT NEW."recipient_site") * 2
    + (held."basis" IS NOT NEW."basis") * 4
    + (held."event" IS NOT NEW."event") * 8
    + (held."on_date" IS NOT NEW."on_date") * 16
    + (held."text_version" IS NOT NEW."text_version") * 32
    + (held."language" IS NOT NEW."language") * 64
    + (held."interpreter" IS NOT NEW."interpreter") * 128
    + (held."form" IS NOT NEW."form") * 256
    + (held."document_ref" IS NOT NEW."document_ref") * 512
    + (held."decision_ref" IS NOT NEW."decision_ref") * 1024
    + (held."seen" IS NOT NEW."seen") * 2048, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."purpose") || ',' || quote(held."recipient_site") || ',' || quote(held."basis") || ',' || quote(held."event") || ',' || quote(held."on_date") || ',' || quote(held."text_version") || ',' || quote(held."language") || ',' || quote(held."interpreter") || ',' || quote(held."form") || ',' || quote(held."document_ref") || ',' || quote(held."decision_ref") || ',' || quote(held."seen")
    FROM "consent" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_consent"
BEFORE UPDATE OF "id" ON "consent"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 4, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."purpose") || ',' || quote(held."recipient_site") || ',' || quote(held."basis") || ',' || quote(held."event") || ',' || quote(held."on_date") || ',' || quote(held."text_version") || ',' || quote(held."language") || ',' || quote(held."interpreter") || ',' || quote(held."form") || ',' || quote(held."document_ref") || ',' || quote(held."decision_ref") || ',' || quote(held."seen")
    FROM "consent" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_observe_seen_consent"
AFTER INSERT ON "consent"
WHEN NEW."event" = 'given' AND NEW."seen" IS NULL
  AND EXISTS (SELECT 1 FROM "consent" AS held
    WHERE held."case_id" = NEW."case_id" AND held."event" <> 'given')
BEGIN
  UPDATE "consent"
    SET "seen" = (SELECT group_concat("id", ' ')
    FROM (SELECT held."id" FROM "consent" AS held
    WHERE held."case_id" = NEW."case_id" AND held."event" <> 'given' ORDER BY held."id"))
    WHERE "id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_consultation"
AFTER INSERT ON "consultation"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (5, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_consultation"
AFTER UPDATE ON "consultation"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."worker_id" IS NOT NEW."worker_id"
    OR OLD."on_date" IS NOT NEW."on_date"
    OR OLD."kind" IS NOT NEW."kind"
    OR OLD."mode" IS NOT NEW."mode"
    OR OLD."language" IS NOT NEW."language"
    OR OLD."interpreter" IS NOT NEW."interpreter"
    OR OLD."topics" IS NOT NEW."topics"
    OR OLD."minutes" IS NOT NEW."minutes"
    OR OLD."note" IS NOT NEW."note")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (5, 2, (OLD."worker_id" IS NOT NEW."worker_id") * 1
    + (OLD."on_date" IS NOT NEW."on_date") * 2
    + (OLD."kind" IS NOT NEW."kind") * 4
    + (OLD."mode" IS NOT NEW."mode") * 8
    + (OLD."language" IS NOT NEW."language") * 16
    + (OLD."interpreter" IS NOT NEW."interpreter") * 32
    + (OLD."topics" IS NOT NEW."topics") * 64
    + (OLD."minutes" IS NOT NEW."minutes") * 128
    + (OLD."note" IS NOT NEW."note") * 256, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_consultation"
AFTER UPDATE OF "id", "case_id" ON "consultation"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (5, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."worker_id") || ',' || quote(OLD."on_date") || ',' || quote(OLD."kind") || ',' || quote(OLD."mode") || ',' || quote(OLD."language") || ',' || quote(OLD."interpreter") || ',' || quote(OLD."topics") || ',' || quote(OLD."minutes") || ',' || quote(OLD."note"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (5, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_consultation"
AFTER DELETE ON "consultation"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (5, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."worker_id") || ',' || quote(OLD."on_date") || ',' || quote(OLD."kind") || ',' || quote(OLD."mode") || ',' || quote(OLD."language") || ',' || quote(OLD."interpreter") || ',' || quote(OLD."topics") || ',' || quote(OLD."minutes") || ',' || quote(OLD."note"));
END;

CREATE TRIGGER "kreissync_note_insert_consultation"
BEFORE INSERT ON "consultation"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 5, 4, (held."worker_id" IS NOT NEW."worker_id") * 1
    + (held."on_date" IS NOT NEW."on_date") * 2
    + (held."kind" IS NOT NEW."kind") * 4
    + (held."mode" IS NOT NEW."mode") * 8
    + (held."language" IS NOT NEW."language") * 16
    + (held."interpreter" IS NOT NEW."interpreter") * 32
    + (held."topics" IS NOT NEW."topics") * 64
    + (held."minutes" IS NOT NEW."minutes") * 128
    + (held."note" IS NOT NEW."note") * 256, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."worker_id") || ',' || quote(held."on_date") || ',' || quote(held."kind") || ',' || quote(held."mode") || ',' || quote(held."language") || ',' || quote(held."interpreter") || ',' || quote(held."topics") || ',' || quote(held."minutes") || ',' || quote(held."note")
    FROM "consultation" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_consultation"
BEFORE UPDATE OF "id" ON "consultation"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 5, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."worker_id") || ',' || quote(held."on_date") || ',' || quote(held."kind") || ',' || quote(held."mode") || ',' || quote(held."language") || ',' || quote(held."interpreter") || ',' || quote(held."topics") || ',' || quote(held."minutes") || ',' || quote(held."note")
    FROM "consultation" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_plan"
AFTER INSERT ON "plan"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (6, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_plan"
AFTER UPDATE ON "plan"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."version" IS NOT NEW."version"
    OR OLD."created_on" IS NOT NEW."created_on"
    OR OLD."review_due" IS NOT NEW."review_due"
    OR OLD."agreed_by_client" IS NOT NEW."agreed_by_client"
    OR OLD."state" IS NOT NEW."state")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (6, 2, (OLD."version" IS NOT NEW."version") * 1
    + (OLD."created_on" IS NOT NEW."created_on") * 2
    + (OLD."review_due" IS NOT NEW."review_due") * 4
    + (OLD."agreed_by_client" IS NOT NEW."agreed_by_client") * 8
    + (OLD."state" IS NOT NEW."state") * 16, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_plan"
AFTER UPDATE OF "id", "case_id" ON "plan"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (6, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."version") || ',' || quote(OLD."created_on") || ',' || quote(OLD."review_due") || ',' || quote(OLD."agreed_by_client") || ',' || quote(OLD."state"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (6, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_plan"
AFTER DELETE ON "plan"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (6, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."version") || ',' || quote(OLD."created_on") || ',' || quote(OLD."review_due") || ',' || quote(OLD."agreed_by_client") || ',' || quote(OLD."state"));
END;

CREATE TRIGGER "kreissync_note_insert_plan"
BEFORE INSERT ON "plan"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 6, 4, (held."version" IS NOT NEW."version") * 1
    + (held."created_on" IS NOT NEW."created_on") * 2
    + (held."review_due" IS NOT NEW."review_due") * 4
    + (held."agreed_by_client" IS NOT NEW."agreed_by_client") * 8
    + (held."state" IS NOT NEW."state") * 16, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."version") || ',' || quote(held."created_on") || ',' || quote(held."review_due") || ',' || quote(held."agreed_by_client") || ',' || quote(held."state")
    FROM "plan" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_plan"
BEFORE UPDATE OF "id" ON "plan"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 6, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."version") || ',' || quote(held."created_on") || ',' || quote(held."review_due") || ',' || quote(held."agreed_by_client") || ',' || quote(held."state")
    FROM "plan" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_plan_goal"
AFTER INSERT ON "plan_goal"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (7, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_plan_goal"
AFTER UPDATE ON "plan_goal"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."plan_id" IS NOT NEW."plan_id"
    OR OLD."area" IS NOT NEW."area"
    OR OLD."text" IS NOT NEW."text"
    OR OLD."target_date" IS NOT NEW."target_date"
    OR OLD."state" IS NOT NEW."state"
    OR OLD."step_owner" IS NOT NEW."step_owner")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (7, 2, (OLD."plan_id" IS NOT NEW."plan_id") * 1
    + (OLD."area" IS NOT NEW."area") * 2
    + (OLD."text" IS NOT NEW."text") * 4
    + (OLD."target_date" IS NOT NEW."target_date") * 8
    + (OLD."state" IS NOT NEW."state") * 16
    + (OLD."step_owner" IS NOT NEW."step_owner") * 32, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_plan_goal"
AFTER UPDATE OF "id", "case_id" ON "plan_goal"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (7, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."plan_id") || ',' || quote(OLD."area") || ',' || quote(OLD."text") || ',' || quote(OLD."target_date") || ',' || quote(OLD."state") || ',' || quote(OLD."step_owner"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (7, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_plan_goal"
AFTER DELETE ON "plan_goal"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (7, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."plan_id") || ',' || quote(OLD."area") || ',' || quote(OLD."text") || ',' || quote(OLD."target_date") || ',' || quote(OLD."state") || ',' || quote(OLD."step_owner"));
END;

CREATE TRIGGER "kreissync_note_insert_plan_goal"
BEFORE INSERT ON "plan_goal"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 7, 4, (held."plan_id" IS NOT NEW."plan_id") * 1
    + (held."area" IS NOT NEW."area") * 2
    + (held."text" IS NOT NEW."text") * 4
    + (held."target_date" IS NOT NEW."target_date") * 8
    + (held."state" IS NOT NEW."state") * 16
    + (held."step_owner" IS NOT NEW."step_owner") * 32, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."plan_id") || ',' || quote(held."area") || ',' || quote(held."text") || ',' || quote(held."target_date") || ',' || quote(held."state") || ',' || quote(held."step_owner")
    FROM "plan_goal" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_plan_goal"
BEFORE UPDATE OF "id" ON "plan_goal"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 7, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."plan_id") || ',' || quote(held."area") || ',' || quote(held."text") || ',' || quote(held."target_date") || ',' || quote(held."state") || ',' || quote(held."step_owner")
    FROM "plan_goal" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_refuse_insert_site_area"
BEFORE INSERT ON "site_area"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table site_area is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_refuse_update_site_area"
BEFORE UPDATE ON "site_area"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table site_area is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_refuse_delete_site_area"
BEFORE DELETE ON "site_area"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table site_area is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_capture_insert_worker"
AFTER INSERT ON "worker"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (9, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_worker"
AFTER UPDATE ON "worker"
WHEN OLD."id" IS NEW."id"
  AND (OLD."site_id" IS NOT NEW."site_id"
    OR OLD."display_name" IS NOT NEW."display_name"
    OR OLD."role" IS NOT NEW."role"
    OR OLD."qualification" IS NOT NEW."qualification"
    OR OLD."active_from" IS NOT NEW."active_from"
    OR OLD."active_to" IS NOT NEW."active_to"
    OR OLD."bound_by_secrecy" IS NOT NEW."bound_by_secrecy")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (9, 2, (OLD."site_id" IS NOT NEW."site_id") * 1
    + (OLD."display_name" IS NOT NEW."display_name") * 2
    + (OLD."role" IS NOT NEW."role") * 4
    + (OLD."qualification" IS NOT NEW."qualification") * 8
    + (OLD."active_from" IS NOT NEW."active_from") * 16
    + (OLD."active_to" IS NOT NEW."active_to") * 32
    + (OLD."bound_by_secrecy" IS NOT NEW."bound_by_secrecy") * 64, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_worker"
AFTER UPDATE OF "id" ON "worker"
WHEN OLD."id" IS NOT NEW."id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (9, 3, 0, OLD."id", '#9/' || OLD."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."site_id") || ',' || quote(OLD."display_name") || ',' || quote(OLD."role") || ',' || quote(OLD."qualification") || ',' || quote(OLD."active_from") || ',' || quote(OLD."active_to") || ',' || quote(OLD."bound_by_secrecy"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (9, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_worker"
AFTER DELETE ON "worker"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (9, 3, 0, OLD."id", '#9/' || OLD."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."site_id") || ',' || quote(OLD."display_name") || ',' || quote(OLD."role") || ',' || quote(OLD."qualification") || ',' || quote(OLD."active_from") || ',' || quote(OLD."active_to") || ',' || quote(OLD."bound_by_secrecy"));
END;

CREATE TRIGGER "kreissync_note_insert_worker"
BEFORE INSERT ON "worker"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 9, 4, (held."site_id" IS NOT NEW."site_id") * 1
    + (held."display_name" IS NOT NEW."display_name") * 2
    + (held."role" IS NOT NEW."role") * 4
    + (held."qualification" IS NOT NEW."qualification") * 8
    + (held."active_from" IS NOT NEW."active_from") * 16
    + (held."active_to" IS NOT NEW."active_to") * 32
    + (held."bound_by_secrecy" IS NOT NEW."bound_by_secrecy") * 64, held."id", '#9/' || held."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."site_id") || ',' || quote(held."display_name") || ',' || quote(held."role") || ',' || quote(held."qualification") || ',' || quote(held."active_from") || ',' || quote(held."active_to") || ',' || quote(held."bound_by_secrecy")
    FROM "worker" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_worker"
BEFORE UPDATE OF "id" ON "worker"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 9, 4, 0, held."id", '#9/' || held."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."site_id") || ',' || quote(held."display_name") || ',' || quote(held."role") || ',' || quote(held."qualification") || ',' || quote(held."active_from") || ',' || quote(held."active_to") || ',' || quote(held."bound_by_secrecy")
    FROM "worker" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_refuse_insert_programme_period"
BEFORE INSERT ON "programme_period"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table programme_period is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_refuse_update_programme_period"
BEFORE UPDATE ON "programme_period"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table programme_period is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_refuse_delete_programme_period"
BEFORE DELETE ON "programme_period"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table programme_period is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_capture_insert_grant_allocation"
AFTER INSERT ON "grant_allocation"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (11, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_grant_allocation"
AFTER UPDATE ON "grant_allocation"
WHEN OLD."id" IS NEW."id"
  AND (OLD."programme_id" IS NOT NEW."programme_id"
    OR OLD."entitled_ags" IS NOT NEW."entitled_ags"
    OR OLD."recipient_site" IS NOT NEW."recipient_site"
    OR OLD."executing_site" IS NOT NEW."executing_site"
    OR OLD."mode" IS NOT NEW."mode"
    OR OLD."cutoff_date" IS NOT NEW."cutoff_date"
    OR OLD."headcount" IS NOT NEW."headcount"
    OR OLD."fte_thousandths" IS NOT NEW."fte_thousandths"
    OR OLD."amount_cents" IS NOT NEW."amount_cents"
    OR OLD."decision_ref" IS NOT NEW."decision_ref"
    OR OLD."period_from" IS NOT NEW."period_from"
    OR OLD."period_to" IS NOT NEW."period_to"
    OR OLD."status" IS NOT NEW."status")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (11, 2, (OLD."programme_id" IS NOT NEW."programme_id") * 1
    + (OLD."entitled_ags" IS NOT NEW."entitled_ags") * 2
    + (OLD."recipient_site" IS NOT NEW."recipient_site") * 4
    + (OLD."executing_site" IS NOT NEW."executing_site") * 8
    + (OLD."mode" IS NOT NEW."mode") * 16
    + (OLD."cutoff_date" IS NOT NEW."cutoff_date") * 32
    + (OLD."headcount" IS NOT NEW."headcount") * 64
    + (OLD."fte_thousandths" IS NOT NEW."fte_thousandths") * 128
    + (OLD."amount_cents" IS NOT NEW."amount_cents") * 256
    + (OLD."decision_ref" IS NOT NEW."decision_ref") * 512
    + (OLD."period_from" IS NOT NEW."period_from") * 1024
    + (OLD."period_to" IS NOT NEW."period_to") * 2048
    + (OLD."status" IS NOT NEW."status") * 4096, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_grant_allocation"
AFTER UPDATE OF "id" ON "grant_allocation"
WHEN OLD."id" IS NOT NEW."id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (11, 3, 0, OLD."id", '#11/' || OLD."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."programme_id") || ',' || quote(OLD."entitled_ags") || ',' || quote(OLD."recipient_site") || ',' || quote(OLD."executing_site") || ',' || quote(OLD."mode") || ',' || quote(OLD."cutoff_date") || ',' || quote(OLD."headcount") || ',' || quote(OLD."fte_thousandths") || ',' || quote(OLD."amount_cents") || ',' || quote(OLD."decision_ref") || ',' || quote(OLD."period_from") || ',' || quote(OLD."period_to") || ',' || quote(OLD."status"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (11, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_grant_allocation"
AFTER DELETE ON "grant_allocation"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (11, 3, 0, OLD."id", '#11/' || OLD."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."programme_id") || ',' || quote(OLD."entitled_ags") || ',' || quote(OLD."recipient_site") || ',' || quote(OLD."executing_site") || ',' || quote(OLD."mode") || ',' || quote(OLD."cutoff_date") || ',' || quote(OLD."headcount") || ',' || quote(OLD."fte_thousandths") || ',' || quote(OLD."amount_cents") || ',' || quote(OLD."decision_ref") || ',' || quote(OLD."period_from") || ',' || quote(OLD."period_to") || ',' || quote(OLD."status"));
END;

CREATE TRIGGER "kreissync_note_insert_grant_allocation"
BEFORE INSERT ON "grant_allocation"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 11, 4, (held."programme_id" IS NOT NEW."programme_id") * 1
    + (held."entitled_ags" IS NOT NEW."entitled_ags") * 2
    + (held."recipient_site" IS NOT NEW."recipient_site") * 4
    + (held."executing_site" IS NOT NEW."executing_site") * 8
    + (held."mode" IS NOT NEW."mode") * 16
    + (held."cutoff_date" IS NOT NEW."cutoff_date") * 32
    + (held."headcount" IS NOT NEW."headcount") * 64
    + (held."fte_thousandths" IS NOT NEW."fte_thousandths") * 128
    + (held."amount_cents" IS NOT NEW."amount_cents") * 256
    + (held."decision_ref" IS NOT NEW."decision_ref") * 512
    + (held."period_from" IS NOT NEW."period_from") * 1024
    + (held."period_to" IS NOT NEW."period_to") * 2048
    + (held."status" IS NOT NEW."status") * 4096, held."id", '#11/' || held."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."programme_id") || ',' || quote(held."entitled_ags") || ',' || quote(held."recipient_site") || ',' || quote(held."executing_site") || ',' || quote(held."mode") || ',' || quote(held."cutoff_date") || ',' || quote(held."headcount") || ',' || quote(held."fte_thousandths") || ',' || quote(held."amount_cents") || ',' || quote(held."decision_ref") || ',' || quote(held."period_from") || ',' || quote(held."period_to") || ',' || quote(held."status")
    FROM "grant_allocation" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_grant_allocation"
BEFORE UPDATE OF "id" ON "grant_allocation"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 11, 4, 0, held."id", '#11/' || held."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."programme_id") || ',' || quote(held."entitled_ags") || ',' || quote(held."recipient_site") || ',' || quote(held."executing_site") || ',' || quote(held."mode") || ',' || quote(held."cutoff_date") || ',' || quote(held."headcount") || ',' || quote(held."fte_thousandths") || ',' || quote(held."amount_cents") || ',' || quote(held."decision_ref") || ',' || quote(held."period_from") || ',' || quote(held."period_to") || ',' || quote(held."status")
    FROM "grant_allocation" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_position"
AFTER INSERT ON "position"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (12, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_position"
AFTER UPDATE ON "position"
WHEN OLD."id" IS NEW."id"
  AND (OLD."worker_id" IS NOT NEW."worker_id"
    OR OLD."grant_id" IS NOT NEW."grant_id"
    OR OLD."fte_thousandths" IS NOT NEW."fte_thousandths"
    OR OLD."rate_cents" IS NOT NEW."rate_cents"
    OR OLD."valid_from" IS NOT NEW."valid_from"
    OR OLD."valid_to" IS NOT NEW."valid_to"
    OR OLD."funded_months" IS NOT NEW."funded_months")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (12, 2, (OLD."worker_id" IS NOT NEW."worker_id") * 1
    + (OLD."grant_id" IS NOT NEW."grant_id") * 2
    + (OLD."fte_thousandths" IS NOT NEW."fte_thousandths") * 4
    + (OLD."rate_cents" IS NOT NEW."rate_cents") * 8
    + (OLD."valid_from" IS NOT NEW."valid_from") * 16
    + (OLD."valid_to" IS NOT NEW."valid_to") * 32
    + (OLD."funded_months" IS NOT NEW."funded_months") * 64, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_position"
AFTER UPDATE OF "id" ON "position"
WHEN OLD."id" IS NOT NEW."id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (12, 3, 0, OLD."id", '#12/' || OLD."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."worker_id") || ',' || quote(OLD."grant_id") || ',' || quote(OLD."fte_thousandths") || ',' || quote(OLD."rate_cents") || ',' || quote(OLD."valid_from") || ',' || quote(OLD."valid_to") || ',' || quote(OLD."funded_months"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (12, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_position"
AFTER DELETE ON "position"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (12, 3, 0, OLD."id", '#12/' || OLD."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."worker_id") || ',' || quote(OLD."grant_id") || ',' || quote(OLD."fte_thousandths") || ',' || quote(OLD."rate_cents") || ',' || quote(OLD."valid_from") || ',' || quote(OLD."valid_to") || ',' || quote(OLD."funded_months"));
END;

CREATE TRIGGER "kreissync_note_insert_position"
BEFORE INSERT ON "position"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 12, 4, (held."worker_id" IS NOT NEW."worker_id") * 1
    + (held."grant_id" IS NOT NEW."grant_id") * 2
    + (held."fte_thousandths" IS NOT NEW."fte_thousandths") * 4
    + (held."rate_cents" IS NOT NEW."rate_cents") * 8
    + (held."valid_from" IS NOT NEW."valid_from") * 16
    + (held."valid_to" IS NOT NEW."valid_to") * 32
    + (held."funded_months" IS NOT NEW."funded_months") * 64, held."id", '#12/' || held."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."worker_id") || ',' || quote(held."grant_id") || ',' || quote(held."fte_thousandths") || ',' || quote(held."rate_cents") || ',' || quote(held."valid_from") || ',' || quote(held."valid_to") || ',' || quote(held."funded_months")
    FROM "position" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_position"
BEFORE UPDATE OF "id" ON "position"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 12, 4, 0, held."id", '#12/' || held."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."worker_id") || ',' || quote(held."grant_id") || ',' || quote(held."fte_thousandths") || ',' || quote(held."rate_cents") || ',' || quote(held."valid_from") || ',' || quote(held."valid_to") || ',' || quote(held."funded_months")
    FROM "position" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_person_need"
AFTER INSERT ON "person_need"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (13, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_person_need"
AFTER UPDATE ON "person_need"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."kind" IS NOT NEW."kind"
    OR OLD."need_only" IS NOT NEW."need_only"
    OR OLD."text" IS NOT NEW."text"
    OR OLD."consent_id" IS NOT NEW."consent_id")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (13, 2, (OLD."kind" IS NOT NEW."kind") * 1
    + (OLD."need_only" IS NOT NEW."need_only") * 2
    + (OLD."text" IS NOT NEW."text") * 4
    + (OLD."consent_id" IS NOT NEW."consent_id") * 8, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_person_need"
AFTER UPDATE OF "id", "case_id" ON "person_need"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (13, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."kind") || ',' || quote(OLD."need_only") || ',' || quote(OLD."text") || ',' || quote(OLD."consent_id"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (13, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_person_need"
AFTER DELETE ON "person_need"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (13, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."kind") || ',' || quote(OLD."need_only") || ',' || quote(OLD."text") || ',' || quote(OLD."consent_id"));
END;

CREATE TRIGGER "kreissync_note_insert_person_need"
BEFORE INSERT ON "person_need"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 13, 4, (held."kind" IS NOT NEW."kind") * 1
    + (held."need_only" IS NOT NEW."need_only") * 2
    + (held."text" IS NOT NEW."text") * 4
    + (held."consent_id" IS NOT NEW."consent_id") * 8, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."kind") || ',' || quote(held."need_only") || ',' || quote(held."text") || ',' || quote(held."consent_id")
    FROM "person_need" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_person_need"
BEFORE UPDATE OF "id" ON "person_need"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 13, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."kind") || ',' || quote(held."need_only") || ',' || quote(held."text") || ',' || quote(held."consent_id")
    FROM "person_need" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_residence"
AFTER INSERT ON "residence"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (14, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_residence"
AFTER UPDATE ON "residence"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."ags" IS NOT NEW."ags"
    OR OLD."kind" IS NOT NEW."kind"
    OR OLD."street" IS NOT NEW."street"
    OR OLD."valid_from" IS NOT NEW."valid_from"
    OR OLD."valid_to" IS NOT NEW."valid_to"
    OR OLD."allotted_by" IS NOT NEW."allotted_by"
    OR OLD."residence_obligation_until" IS NOT NEW."residence_obligation_until")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (14, 2, (OLD."ags" IS NOT NEW."ags") * 1
    + (OLD."kind" IS NOT NEW."kind") * 2
    + (OLD."street" IS NOT NEW."street") * 4
    + (OLD."valid_from" IS NOT NEW."valid_from") * 8
    + (OLD."valid_to" IS NOT NEW."valid_to") * 16
    + (OLD."allotted_by" IS NOT NEW."allotted_by") * 32
    + (OLD."residence_obligation_until" IS NOT NEW."residence_obligation_until") * 64, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_residence"
AFTER UPDATE OF "id", "case_id" ON "residence"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (14, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."ags") || ',' || quote(OLD."kind") || ',' || quote(OLD."street") || ',' || quote(OLD."valid_from") || ',' || quote(OLD."valid_to") || ',' || quote(OLD."allotted_by") || ',' || quote(OLD."residence_obligation_until"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (14, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_residence"
AFTER DELETE ON "residence"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (14, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."ags") || ',' || quote(OLD."kind") || ',' || quote(OLD."street") || ',' || quote(OLD."valid_from") || ',' || quote(OLD."valid_to") || ',' || quote(OLD."allotted_by") || ',' || quote(OLD."residence_obligation_until"));
END;

CREATE TRIGGER "kreissync_note_insert_residence"
BEFORE INSERT ON "residence"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 14, 4, (held."ags" IS NOT NEW."ags") * 1
    + (held."kind" IS NOT NEW."kind") * 2
    + (held."street" IS NOT NEW."street") * 4
    + (held."valid_from" IS NOT NEW."valid_from") * 8
    + (held."valid_to" IS NOT NEW."valid_to") * 16
    + (held."allotted_by" IS NOT NEW."allotted_by") * 32
    + (held."residence_obligation_until" IS NOT NEW."residence_obligation_until") * 64, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."ags") || ',' || quote(held."kind") || ',' || quote(held."street") || ',' || quote(held."valid_from") || ',' || quote(held."valid_to") || ',' || quote(held."allotted_by") || ',' || quote(held."residence_obligation_until")
    FROM "residence" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_residence"
BEFORE UPDATE OF "id" ON "residence"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 14, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."ags") || ',' || quote(held."kind") || ',' || quote(held."street") || ',' || quote(held."valid_from") || ',' || quote(held."valid_to") || ',' || quote(held."allotted_by") || ',' || quote(held."residence_obligation_until")
    FROM "residence" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_legal_status"
AFTER INSERT ON "legal_status"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (15, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_legal_status"
AFTER UPDATE ON "legal_status"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."code" IS NOT NEW."code"
    OR OLD."valid_from" IS NOT NEW."valid_from"
    OR OLD."valid_to" IS NOT NEW."valid_to"
    OR OLD."source" IS NOT NEW."source"
    OR OLD."seen_on" IS NOT NEW."seen_on")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (15, 2, (OLD."code" IS NOT NEW."code") * 1
    + (OLD."valid_from" IS NOT NEW."valid_from") * 2
    + (OLD."valid_to" IS NOT NEW."valid_to") * 4
    + (OLD."source" IS NOT NEW."source") * 8
    + (OLD."seen_on" IS NOT NEW."seen_on") * 16, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_legal_status"
AFTER UPDATE OF "id", "case_id" ON "legal_status"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (15, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."code") || ',' || quote(OLD."valid_from") || ',' || quote(OLD."valid_to") || ',' || quote(OLD."source") || ',' || quote(OLD."seen_on"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (15, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_legal_status"
AFTER DELETE ON "legal_status"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (15, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."code") || ',' || quote(OLD."valid_from") || ',' || quote(OLD."valid_to") || ',' || quote(OLD."source") || ',' || quote(OLD."seen_on"));
END;

CREATE TRIGGER "kreissync_note_insert_legal_status"
BEFORE INSERT ON "legal_status"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 15, 4, (held."code" IS NOT NEW."code") * 1
    + (held."valid_from" IS NOT NEW."valid_from") * 2
    + (held."valid_to" IS NOT NEW."valid_to") * 4
    + (held."source" IS NOT NEW."source") * 8
    + (held."seen_on" IS NOT NEW."seen_on") * 16, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."code") || ',' || quote(held."valid_from") || ',' || quote(held."valid_to") || ',' || quote(held."source") || ',' || quote(held."seen_on")
    FROM "legal_status" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_legal_status"
BEFORE UPDATE OF "id" ON "legal_status"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 15, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."code") || ',' || quote(held."valid_from") || ',' || quote(held."valid_to") || ',' || quote(held."source") || ',' || quote(held."seen_on")
    FROM "legal_status" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_capture_insert_qualification"
AFTER INSERT ON "qualification"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (16, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_qualification"
AFTER UPDATE ON "qualification"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."area" IS NOT NEW."area"
    OR OLD."level" IS NOT NEW."level"
    OR OLD."certificate" IS NOT NEW."certificate"
    OR OLD."recognition_state" IS NOT NEW."recognition_state"
    OR OLD."on_date" IS NOT NEW."on_date")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (16, 2, (OLD."area" IS NOT NEW."area") * 1
    + (OLD."level" IS NOT NEW."level") * 2
    + (OLD."certificate" IS NOT NEW."certificate") * 4
    + (OLD."recognition_state" IS NOT NEW."recognition_state") * 8
    + (OLD."on_date" IS NOT NEW."on_date") * 16, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_qualification"
AFTER UPDATE OF "id", "case_id" ON "qualification"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (16, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."area") || ',' || quote(OLD."level") || ',' || quote(OLD."certificate") || ',' || quote(OLD."recognition_state") || ',' || quote(OLD."on_date"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (16, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_qualification"
AFTER DELETE ON "qualification"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (16, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."area") || ',' || quote(OLD."level") || ',' || quote(OLD."certificate") || ',' || quote(OLD."recognition_state") || ',' || quote(OLD."on_date"));
END;

CREATE TRIGGER "kreissync_note_insert_qualification"
BEFORE INSERT ON "qualification"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 16, 4, (held."area" IS NOT NEW."area") * 1
    + (held."level" IS NOT NEW."level") * 2
    + (held."certificate" IS NOT NEW."certificate") * 4
    + (held."recognition_state" IS NOT NEW."recognition_state") * 8
    + (held."on_date" IS NOT NEW."on_date") * 16, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."area") || ',' || quote(held."level") || ',' || quote(held."certificate") || ',' || quote(held."recognition_state") || ',' || quote(held."on_date")
    FROM "qualification" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_qualification"
BEFORE UPDATE OF "id" ON "qualification"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 16, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."area") || ',' || quote(held."level") || ',' || quote(held."certificate") || ',' || quote(held."recognition_state") || ',' || quote(held."on_date")
    FROM "qualification" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_refuse_insert_responsibility"
BEFORE INSERT ON "responsibility"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table responsibility is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_refuse_update_responsibility"
BEFORE UPDATE ON "responsibility"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table responsibility is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_refuse_delete_responsibility"
BEFORE DELETE ON "responsibility"
BEGIN
  SELECT RAISE(ABORT, 'kreissync: table responsibility is written by the county hub only; ask the county to change it');
END;

CREATE TRIGGER "kreissync_capture_insert_referral"
AFTER INSERT ON "referral"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (18, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_update_referral"
AFTER UPDATE ON "referral"
WHEN OLD."id" IS NEW."id" AND OLD."case_id" IS NEW."case_id"
  AND (OLD."service_site_id" IS NOT NEW."service_site_id"
    OR OLD."on_date" IS NOT NEW."on_date"
    OR OLD."reason_area" IS NOT NEW."reason_area"
    OR OLD."consent_id" IS NOT NEW."consent_id"
    OR OLD."state" IS NOT NEW."state"
    OR OLD."result" IS NOT NEW."result")
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (18, 2, (OLD."service_site_id" IS NOT NEW."service_site_id") * 1
    + (OLD."on_date" IS NOT NEW."on_date") * 2
    + (OLD."reason_area" IS NOT NEW."reason_area") * 4
    + (OLD."consent_id" IS NOT NEW."consent_id") * 8
    + (OLD."state" IS NOT NEW."state") * 16
    + (OLD."result" IS NOT NEW."result") * 32, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_move_referral"
AFTER UPDATE OF "id", "case_id" ON "referral"
WHEN OLD."id" IS NOT NEW."id" OR OLD."case_id" IS NOT NEW."case_id"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (18, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."service_site_id") || ',' || quote(OLD."on_date") || ',' || quote(OLD."reason_area") || ',' || quote(OLD."consent_id") || ',' || quote(OLD."state") || ',' || quote(OLD."result"));
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "at", "tag")
    VALUES (18, 1, 0, NEW."id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random());
END;

CREATE TRIGGER "kreissync_capture_delete_referral"
AFTER DELETE ON "referral"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    VALUES (18, 3, 0, OLD."id", OLD."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(OLD."service_site_id") || ',' || quote(OLD."on_date") || ',' || quote(OLD."reason_area") || ',' || quote(OLD."consent_id") || ',' || quote(OLD."state") || ',' || quote(OLD."result"));
END;

CREATE TRIGGER "kreissync_note_insert_referral"
BEFORE INSERT ON "referral"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 18, 4, (held."service_site_id" IS NOT NEW."service_site_id") * 1
    + (held."on_date" IS NOT NEW."on_date") * 2
    + (held."reason_area" IS NOT NEW."reason_area") * 4
    + (held."consent_id" IS NOT NEW."consent_id") * 8
    + (held."state" IS NOT NEW."state") * 16
    + (held."result" IS NOT NEW."result") * 32, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."service_site_id") || ',' || quote(held."on_date") || ',' || quote(held."reason_area") || ',' || quote(held."consent_id") || ',' || quote(held."state") || ',' || quote(held."result")
    FROM "referral" AS held
    WHERE held."id" = NEW."id";
END;

CREATE TRIGGER "kreissync_note_update_referral"
BEFORE UPDATE OF "id" ON "referral"
BEGIN
  INSERT INTO "kreissync_log" ("t", "k", "m", "id", "c", "at", "tag", "v")
    SELECT 18, 4, 0, held."id", held."case_id", CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER), random(),
    quote(held."service_site_id") || ',' || quote(held."on_date") || ',' || quote(held."reason_area") || ',' || quote(held."consent_id") || ',' || quote(held."state") || ',' || quote(held."result")
    FROM "referral" AS held
    WHERE NEW."id" IS NOT OLD."id" AND held."id" = NEW."id";
END;
