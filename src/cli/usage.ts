/** @internal */
export const USAGE = `Usage: typeorm-autosequence <command> -d <data source> [options]

  migration:generate          write the migration that brings a database up to date
  migrate                     run pending migrations, in one process at a time
  backfill                    give numbers and keys to rows that have none, in batches
  doctor                      find problems of the data source, the database and the server, and show how to fix them
  audit                       find missing numbers and the reasons, duplicates, and other problems with numbers
  gaps                        find missing values in any column, and references to rows that don't exist
  ids:reset                   raise the database's id sequences that are behind their rows
  resync                      raise counters that are behind their rows
  counters                    list the counters of all scopes, or the transactions that hold them
  next                        show the next number of a scope
  demo                        show that rolled-back and killed writers leave no gaps

  -h, --help                  print this; after a command, print its own help
  -v, --version               print the version`
