import { Controller, Get } from "@nestjs/common"
import { HealthCheck, HealthCheckService } from "@nestjs/terminus"
import { DataSource } from "typeorm"
import { autoSequenceHealth } from "typeorm-autosequence/nestjs"
import { Public } from "./tenants/public.js"

/** Where something is missing, the answer names tables: don't show it to the world. */
@Public()
@Controller("health")
export class HealthController {
    constructor(
        private readonly health: HealthCheckService,
        private readonly dataSource: DataSource,
    ) {}

    @Get()
    @HealthCheck()
    check() {
        return this.health.check([() => autoSequenceHealth("numbers", this.dataSource)])
    }
}
