/** @internal */
export const USAGE = `Usage: typeorm-autosequence <command> -d <data source> [options]

  migration:generate          write the migration that brings a database up to date
  migrate                     run migrations, one process after the other
  backfill                    give numbers and keys to rows that have none, in batches
  doctor                      what is wrong with the data source, the database and the server, and what mends it
  audit                       which numbers are missing and why, and what else is wrong with them
  gaps                        which values are missing in any column, and what points at rows that are gone
  ids:reset                   let the database's ids go on after the highest row
  resync                      raise counters that are behind their rows
  counters                    the counters of all scopes, and who holds them
  next                        the number that a scope gives next
  demo                        numbers without gaps, under writers that are rolled back and killed

  -h, --help                  print this, or behind a command its own help
  -v, --version               print the version`
