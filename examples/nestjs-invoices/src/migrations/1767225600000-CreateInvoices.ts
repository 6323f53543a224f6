import type { MigrationInterface, QueryRunner } from "typeorm"

export class CreateInvoices1767225600000 implements MigrationInterface {
    name = "CreateInvoices1767225600000"

    public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(
            `CREATE TABLE "tenant" ("id" SERIAL NOT NULL, "name" character varying NOT NULL, "apiKeyHash" character varying NOT NULL, CONSTRAINT "UQ_62bd7bc0d2f222a4b64bbe1acc4" UNIQUE ("apiKeyHash"), CONSTRAINT "PK_da8c6efd67bb301e810e56ac139" PRIMARY KEY ("id"))`,
        )
        await queryRunner.query(
            `CREATE TABLE "customer" ("id" SERIAL NOT NULL, "name" character varying NOT NULL, "creditLimit" integer, "key" character varying(255) NOT NULL, "tenantId" integer NOT NULL, CONSTRAINT "PK_a7a13f4cacb744524e44dfdad32" PRIMARY KEY ("id"))`,
        )
        await queryRunner.query(
            `CREATE UNIQUE INDEX "IDX_3b12f3df6e28be8b4dcba94472" ON "customer"  ("tenantId", "key") `,
        )
        await queryRunner.query(
            `CREATE TABLE "invoice" ("id" SERIAL NOT NULL, "status" character varying NOT NULL DEFAULT 'draft', "sequence" integer, "number" character varying(255), "key" character varying(255) NOT NULL, "lines" jsonb NOT NULL, "total" integer NOT NULL, "issuedAt" TIMESTAMP WITH TIME ZONE, "receiptNumber" integer, "customerId" integer NOT NULL, CONSTRAINT "autosequence_numbered_b091a5a9a6fe0cb3" CHECK (NOT ((NOT ("status" = 'draft'))) OR "sequence" IS NOT NULL), CONSTRAINT "autosequence_numbered_text_21bc55ff6602e3cf" CHECK (("number" IS NULL AND "sequence" IS NULL) OR ("number" IS NOT NULL AND "sequence" IS NOT NULL AND "number" LIKE '%' || "sequence"::text || '%')), CONSTRAINT "PK_15d25c200d9bcd8a33f698daf18" PRIMARY KEY ("id"))`,
        )
        await queryRunner.query(
            `CREATE UNIQUE INDEX "IDX_a5fb6f6cca66bcc30d5d70148a" ON "invoice"  ("customerId", "sequence") `,
        )
        await queryRunner.query(
            `CREATE UNIQUE INDEX "IDX_b1cda4b8484ef920219af6fd2a" ON "invoice"  ("customerId", "number") `,
        )
        await queryRunner.query(
            `CREATE UNIQUE INDEX "IDX_08a43b8637807e22604b670902" ON "invoice"  ("key") `,
        )
        await queryRunner.query(
            `CREATE TABLE "autosequence_counter" ("series" character varying(255) NOT NULL, "scope" character varying(255) NOT NULL, "last" bigint, "moved_by" bigint NOT NULL, "moved_at" TIMESTAMP NOT NULL, CONSTRAINT "PK_55d0d75459120d189a6259828a3" PRIMARY KEY ("series", "scope"))`,
        )
        await queryRunner.query(
            `CREATE TABLE "autosequence_key" ("series" character varying(255) NOT NULL, "scope" character varying(255) NOT NULL, "key" character varying(255) NOT NULL, "owner" character varying(255) NOT NULL, "retired_at" TIMESTAMP, CONSTRAINT "PK_398176d46653b450f91014726a5" PRIMARY KEY ("series", "scope", "key"))`,
        )
        await queryRunner.query(
            `CREATE INDEX "IDX_b17352f0fe55d1aa3888859f8c" ON "autosequence_key"  ("series", "owner") `,
        )
        await queryRunner.query(
            `CREATE TABLE "autosequence_event" ("id" BIGSERIAL NOT NULL, "series" character varying(255) NOT NULL, "scope" character varying(255) NOT NULL, "kind" character varying(20) NOT NULL, "first" bigint, "last" bigint, "reason" text, "made_by" text, "made_at" TIMESTAMP WITH TIME ZONE NOT NULL, "details" text, CONSTRAINT "PK_88fc0c0509062257cebd71874bc" PRIMARY KEY ("id"))`,
        )
        await queryRunner.query(
            `CREATE INDEX "IDX_5553f3c8408b10909ed18d8c41" ON "autosequence_event"  ("series", "scope", "first") `,
        )
        await queryRunner.query(
            `ALTER TABLE "customer" ADD CONSTRAINT "FK_3a9e57ca250bf376b9558474912" FOREIGN KEY ("tenantId") REFERENCES "tenant"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
        )
        await queryRunner.query(
            `ALTER TABLE "invoice" ADD CONSTRAINT "FK_925aa26ea12c28a6adb614445ee" FOREIGN KEY ("customerId") REFERENCES "customer"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
        )
        // Counters move within their page, without a new entry in the index.
        await queryRunner.query(`ALTER TABLE "autosequence_counter" SET (fillfactor = 50)`)
        await queryRunner.query(`CREATE OR REPLACE FUNCTION "autosequence_append_autosequence_event_ae7e9465"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $autosequence$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'AS010', MESSAGE = 'The journal is append-only: its rows cannot be changed or deleted.';
END
$autosequence$`)
        await queryRunner.query(
            `REVOKE ALL ON FUNCTION "autosequence_append_autosequence_event_ae7e9465"() FROM PUBLIC`,
        )
        // Rows of autosequence_event are only ever added.
        await queryRunner.query(
            `CREATE TRIGGER "zz_autosequence_append_autosequence_event_ae7e9465" BEFORE UPDATE OR DELETE OR TRUNCATE ON "autosequence_event" FOR EACH STATEMENT EXECUTE FUNCTION "autosequence_append_autosequence_event_ae7e9465"()`,
        )
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(
            `DROP TRIGGER "zz_autosequence_append_autosequence_event_ae7e9465" ON "autosequence_event"`,
        )
        await queryRunner.query(`DROP FUNCTION "autosequence_append_autosequence_event_ae7e9465"()`)
        await queryRunner.query(
            `ALTER TABLE "invoice" DROP CONSTRAINT "FK_925aa26ea12c28a6adb614445ee"`,
        )
        await queryRunner.query(
            `ALTER TABLE "customer" DROP CONSTRAINT "FK_3a9e57ca250bf376b9558474912"`,
        )
        await queryRunner.query(`DROP INDEX "public"."IDX_5553f3c8408b10909ed18d8c41"`)
        await queryRunner.query(`DROP TABLE "autosequence_event"`)
        await queryRunner.query(`DROP INDEX "public"."IDX_b17352f0fe55d1aa3888859f8c"`)
        await queryRunner.query(`DROP TABLE "autosequence_key"`)
        await queryRunner.query(`DROP TABLE "autosequence_counter"`)
        await queryRunner.query(`DROP INDEX "public"."IDX_08a43b8637807e22604b670902"`)
        await queryRunner.query(`DROP INDEX "public"."IDX_b1cda4b8484ef920219af6fd2a"`)
        await queryRunner.query(`DROP INDEX "public"."IDX_a5fb6f6cca66bcc30d5d70148a"`)
        await queryRunner.query(`DROP TABLE "invoice"`)
        await queryRunner.query(`DROP INDEX "public"."IDX_3b12f3df6e28be8b4dcba94472"`)
        await queryRunner.query(`DROP TABLE "customer"`)
        await queryRunner.query(`DROP TABLE "tenant"`)
    }
}
