import type { EntityMetadata } from "typeorm"
import { type DocumentColumn, documents } from "../../declared/registry"
import { InvalidOptionError } from "../../errors"
import { isOwnColumn } from "../../series/own-columns"
import { documentCheck } from "../../series/documents/document-check"
import { seriesOf } from "../../series/resolve-series"
import type { Document } from "../../series/series"
import { uniqueIndex } from "../../series/unique-index"
import { addCheck } from "../../typeorm/metadata/check-metadata"
import { lookAfter } from "../look-after"

/** @internal For TypeORM's `@Index`: the unique indexes of the text of a number. */
export function uniqueDocumentIndex(declared: DocumentColumn): () => string[] {
    return uniqueIndex((metadata, embeddedPath) => {
        const document = findDocument(metadata, declared, embeddedPath)
        const check = documentCheck(document)
        // Rows of other classes of the table have no such text.
        if (check && isOwnColumn(document.column, metadata.target, documents))
            addCheck(metadata, check)
        lookAfter(metadata)
        return document
    })
}

function findDocument(
    metadata: EntityMetadata,
    { propertyName, options: { of } }: DocumentColumn,
    embeddedPath?: string,
): Document {
    const within = embeddedPath ? `${embeddedPath}.` : ""
    const series = seriesOf(metadata).find(({ column }) => column.propertyPath === within + of)
    const document = series?.documents.find(
        ({ column }) => column.propertyPath === within + propertyName,
    )
    if (!document)
        throw new InvalidOptionError(
            `${metadata.name}.${within}${propertyName}: of names "${of}", which is not a numbered column of the ` +
                "entity. Declare it with @AutoSequenceColumn.",
        )
    return document
}
