import { readFileSync } from "node:fs"
import { join } from "node:path"

/** @internal */
export const USAGE = `Usage: typeorm-autosequence migration:generate -d <data source> [options] <path>

Writes the TypeORM migration that brings a database up to date with the entities of a data source,
all that numbers need included: the counter table, unique indexes, numbers for rows that have none,
counters that go on after the rows. Writes nothing where the database is up to date.

  <path>                      path/to/Name makes path/to/<timestamp>-Name.ts

  -d, --dataSource <file>     the file that exports the DataSource, in TypeScript or JavaScript
      --order-by <E.prop>     number rows of entity E in the order of this property, not of their
                              primary key; may be given several times
      --rename <old=new>      the counters and keys of the column old, as table.column, go on as those
                              of new; may be given several times. Nothing behind = leaves them
      --renumber              number rows that have 0 as their number, as if they had none
  -o, --outputJs              write JavaScript
      --esm                   write JavaScript as an ES module
      --dr, --dryrun          print the migration instead of writing a file
      --ch, --check           exit with 1 if the database is not up to date; write no file
  -t, --timestamp <ms>        the timestamp of the migration, in milliseconds since 1970
      --verbose               print the whole stack of an error
  -h, --help                  print this
  -v, --version               print the version

Exits with 0, with 1 if something fails or --check finds changes, and with 2 for wrong arguments.

Other commands, each of which has its own --help:

  doctor                      what is wrong with the data source, the database and the server, and what mends it
  audit                       which numbers are missing and why, and what else is wrong with them
  gaps                        which values are missing in any column, and what points at rows that are gone
  ids:reset                   let the database's ids go on after the highest row
  resync                      raise counters that are behind their rows
  counters                    the counters of all scopes, and who holds them
  next                        the number that a scope gives next`

/** @internal */
export function version(): string {
    const text = readFileSync(join(__dirname, "..", "..", "package.json"), "utf8")
    return (JSON.parse(text) as { version: string }).version
}
