import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import { type Refuse, refuserOf } from "../../declared/options"
import { show } from "../../declared/show"
import type { PropertyPath } from "../../keys/property-path"
import { shownNumber } from "../../numbers/number-values"
import { keepsJournal } from "../../series/journal"
import type { Series } from "../../series/series"
import { nameOfEntity } from "../../typeorm/given"
import { select } from "../../typeorm/statement"
import { isTarget, onTarget, resolveTarget, type Target } from "../connection"
import type { SequenceKey } from "../scope"
import type { SequenceTarget } from "../types"
import { findSeries, refuseNoCounter } from "./found-series"
import { givenScope, keyOfScope } from "./given-scope"
import type { Read } from "./scope-period"
import type { SeriesNumber } from "./types"

/** @internal The part of a handle that all others need: its series, scopes and connections. */
export class HandledSeries<Entity extends ObjectLiteral, Path extends PropertyPath<Entity>> {
    protected readonly label: string

    constructor(
        protected readonly dataSource: DataSource,
        protected readonly entity: EntityTarget<Entity>,
        protected readonly property: Path,
    ) {
        this.label = `seriesOf ${nameOfEntity(entity) ?? show(entity)}.${property}`
    }

    protected readonly refuse: Refuse = (problem) => refuserOf(this.label)(problem)

    protected series(): Series {
        return findSeries(this.dataSource, this.entity, this.property)
    }

    protected counted(): Series {
        const series = this.series()
        refuseNoCounter(series, this.refuse)
        return series
    }

    /** Refuses a column of which no journal is kept. */
    protected journaled(): Series {
        const series = this.series()
        if (!keepsJournal(series))
            this.refuse(
                "this is written to the journal, and it has none. Declare the column with journal: true, and " +
                    "generate a migration.",
            )
        return series
    }

    protected targetOf(manager: SequenceTarget): Target {
        if (!isTarget(manager))
            this.refuse(`it was given ${show(manager)}, give the EntityManager of a transaction.`)
        const target = resolveTarget(manager)
        if (target.dataSource !== this.dataSource)
            this.refuse("it was given the manager of another data source. Give one of its own.")
        return target
    }

    protected keyOf(series: Series, scope: unknown, target: Target): Promise<SequenceKey> {
        return keyOfScope(this.readerOf(target), series, givenScope(series, scope, this.refuse))
    }

    protected readerOf(target: Target): Read {
        return (statement) => onTarget(target, (sender) => select(sender, statement))
    }

    protected inTransaction<T>(
        target: SequenceTarget,
        work: (manager: EntityManager) => Promise<T>,
    ): Promise<T> {
        const manager = "manager" in target ? target.manager : target
        return manager.queryRunner?.isTransactionActive ? work(manager) : manager.transaction(work)
    }

    protected shown(series: Series, number: bigint): SeriesNumber<Entity, Path> {
        return shownNumber(series, number) as SeriesNumber<Entity, Path>
    }
}
