import type { DataSource } from "typeorm"
import type { DatePart } from "../../declared/documents/format"
import type { PeriodRule } from "../../declared/numbers/period-options"
import type { ColumnMetadata } from "../../typeorm/names"

/**
 * What a column of dates holds: days; moments, whatever zone they are written in; or moments as the clock
 * shows them in the zone in which the driver writes, which the column does not keep.
 * @internal
 */
export type DateContent = "day" | "moment" | "clock"

/** @internal A column of dates, as SQL needs to know it. */
export interface DateColumn {
    readonly content: DateContent
    /** The zone in which the driver writes what it sends to a {@link DateContent} `"clock"`. */
    readonly writtenIn: string
}

/** What a text shows of a day. */
interface DayPart {
    readonly part: DatePart
    readonly digits: 1 | 2 | 4
    /** How many years are added. */
    readonly plus: number
}

/** @internal What databases write differently of dates, zones and periods. */
export interface PeriodStatements {
    /** Undefined for a column that holds no dates. */
    contentOf(column: ColumnMetadata): DateContent | undefined
    /** {@link DateColumn.writtenIn} */
    writtenIn(dataSource: DataSource): string
    /** A time zone as SQL. */
    zone(name: string): string
    /**
     * The day that a value of a column has in a zone, as SQL; undefined where the database knows no zones. It
     * is NULL where this one does not know them.
     */
    dayOf(value: string, column: DateColumn, zone: string): string | undefined
    /** The name of the period of a day; NULL where its year has no four digits. */
    name(day: string, rule: PeriodRule): string
    /** The year, month, day or quarter of a day as text, of so many digits. */
    part(day: string, part: DayPart): string
    /** The year that a period begins with, as text. */
    yearOf(period: string, part: Pick<DayPart, "digits" | "plus">): string
    /** Today in the zone, or now, as the column holds it. */
    now?(column: DateColumn, zone: string): string
    /** Whether the text of a row names a zone, and not something else that SQL takes for one. */
    isZone?(zone: string): string
    /** Where zones have to be loaded, and a day is NULL as long as they are not. */
    readonly probe?: {
        /** What can't be converted even so. */
        readonly limits: string
        readonly remedy: string
    }
}
