require("reflect-metadata")
const { DataSource, EntitySchema } = require("typeorm")
const { withAutoSequence, withAutoSequenceColumns } = require("typeorm-autosequence")

const Note = withAutoSequenceColumns(
  new EntitySchema({
    name: "note",
    columns: {
      id: { type: "int", primary: true, generated: true },
      author: { type: "text" },
    },
  }),
  { number: { uniqueWith: "author" } },
)

const dataSource = new DataSource(
  withAutoSequence({
    type: "postgres",
    url: process.env.DATABASE_URL,
    dropSchema: true,
    synchronize: true,
    entities: [Note],
  }),
)

async function main() {
  await dataSource.initialize()
  const notes = await dataSource.manager.save(Note, [{ author: "a" }, { author: "a" }])
  console.log(notes.map(({ number }) => number).join())
  await dataSource.destroy()
}

void main()
