/** @internal What the server's list of connections calls those that this library opens beside the application's. */
export function ownName(given: string | undefined): string {
    return given ? `${given} autosequence` : "typeorm-autosequence"
}
