import type { MigrationInterface, QueryRunner } from "typeorm"

export class CreateInvoices1767225600000 implements MigrationInterface {
    name = "CreateInvoices1767225600000"

    public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(
            `CREATE TABLE "autosequence_demo"."customer" ("id" SERIAL NOT NULL, "name" character varying NOT NULL, CONSTRAINT "UQ_ac1455877a69957f7466d5dc78e" UNIQUE ("name"), CONSTRAINT "PK_a7a13f4cacb744524e44dfdad32" PRIMARY KEY ("id"))`,
        )
        await queryRunner.query(
            `CREATE TABLE "autosequence_demo"."invoice" ("id" SERIAL NOT NULL, "number" integer NOT NULL, "orderId" character varying NOT NULL, "date" date NOT NULL, "amount" numeric(12,2) NOT NULL, "customerId" integer NOT NULL, CONSTRAINT "UQ_f494ce6746b91e9ec9562af4857" UNIQUE ("orderId"), CONSTRAINT "PK_15d25c200d9bcd8a33f698daf18" PRIMARY KEY ("id"))`,
        )
        await queryRunner.query(
            `CREATE UNIQUE INDEX "IDX_b1cda4b8484ef920219af6fd2a" ON "autosequence_demo"."invoice"  ("customerId", "number") `,
        )
        await queryRunner.query(
            `CREATE TABLE "autosequence_demo"."autosequence_counter" ("series" character varying(255) NOT NULL, "scope" character varying(255) NOT NULL, "last" bigint, "moved_by" bigint NOT NULL, "moved_at" TIMESTAMP NOT NULL, CONSTRAINT "PK_55d0d75459120d189a6259828a3" PRIMARY KEY ("series", "scope"))`,
        )
        await queryRunner.query(
            `ALTER TABLE "autosequence_demo"."invoice" ADD CONSTRAINT "FK_925aa26ea12c28a6adb614445ee" FOREIGN KEY ("customerId") REFERENCES "autosequence_demo"."customer"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
        )
        // Counters move within their page, without a new entry in the index.
        await queryRunner.query(
            `ALTER TABLE "autosequence_demo"."autosequence_counter" SET (fillfactor = 50)`,
        )
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(
            `ALTER TABLE "autosequence_demo"."invoice" DROP CONSTRAINT "FK_925aa26ea12c28a6adb614445ee"`,
        )
        await queryRunner.query(`DROP TABLE "autosequence_demo"."autosequence_counter"`)
        await queryRunner.query(`DROP INDEX "autosequence_demo"."IDX_b1cda4b8484ef920219af6fd2a"`)
        await queryRunner.query(`DROP TABLE "autosequence_demo"."invoice"`)
        await queryRunner.query(`DROP TABLE "autosequence_demo"."customer"`)
    }
}
