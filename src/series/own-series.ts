import type { EntityMetadata } from "typeorm"
import { numbers } from "../declared/registry"
import { isOwnColumn } from "./own-columns"
import { oncePer } from "../once-per"
import { seriesOf } from "./resolve-series"
import type { Series } from "./series"

/** @internal The series that the rows of an entity are numbered by. */
export const ownSeriesOf = oncePer((metadata: EntityMetadata): readonly Series[] =>
    seriesOf(metadata).filter(({ column }) => isOwnColumn(column, metadata.target, numbers)),
)

/** @internal The series whose numbers this library assigns before the row is inserted. */
export const allocatedSeriesOf = oncePer((metadata: EntityMetadata): readonly Series[] =>
    ownSeriesOf(metadata).filter(({ strategy }) => strategy !== "trigger"),
)

/** @internal The series whose numbers the database assigns, by triggers. */
export const triggeredSeriesOf = oncePer((metadata: EntityMetadata): readonly Series[] =>
    ownSeriesOf(metadata).filter(({ strategy }) => strategy === "trigger"),
)

/** @internal The series whose numbers this library assigns before COMMIT. */
export const committedSeriesOf = oncePer((metadata: EntityMetadata): readonly Series[] =>
    allocatedSeriesOf(metadata).filter(({ assignsAtCommit }) => assignsAtCommit),
)

/** @internal The series whose numbers this library assigns if a condition (`when`) holds. */
export const conditionalSeriesOf = oncePer((metadata: EntityMetadata): readonly Series[] =>
    allocatedSeriesOf(metadata).filter(({ when }) => when),
)

/** @internal Of those that this library assigns, the series that count by the period of a date. */
export const datedSeriesOf = oncePer((metadata: EntityMetadata): readonly Series[] =>
    allocatedSeriesOf(metadata).filter(({ period }) => period),
)

/** @internal Of those that this library assigns, the series whose numbers are shown in texts. */
export const framedSeriesOf = oncePer((metadata: EntityMetadata): readonly Series[] =>
    allocatedSeriesOf(metadata).filter(({ documents }) => documents.length > 0),
)
