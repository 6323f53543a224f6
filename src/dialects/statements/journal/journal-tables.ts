/** @internal The journal and its columns as SQL names them. */
export interface EventTable {
    readonly table: string
    readonly id: string
    readonly series: string
    readonly scope: string
    readonly kind: string
    readonly first: string
    readonly last: string
    readonly reason: string
    readonly by: string
    readonly at: string
    readonly details: string
}

/** @internal The settings of series and their columns as SQL names them. */
export interface SettingTable {
    readonly table: string
    readonly series: string
    readonly scope: string
    readonly name: string
    readonly since: string
    readonly value: string
    readonly setAt: string
}
