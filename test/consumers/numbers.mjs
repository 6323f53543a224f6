// What bundlers bundle and test runners run: no decorators, so that nothing has to be compiled.
import { DataSource, EntitySchema } from "typeorm"
import { withAutoSequence, withAutoSequenceColumns } from "typeorm-autosequence"

const Ticket = withAutoSequenceColumns(
  new EntitySchema({
    name: "ticket",
    columns: {
      id: { type: "int", primary: true, generated: true },
      project: { type: "varchar" },
    },
  }),
  { number: { uniqueWith: "project" } },
)

export async function numbers() {
  const dataSource = new DataSource(
    withAutoSequence(
      { type: "sqljs", entities: [Ticket], synchronize: true },
      { strategy: "counter" },
    ),
  )
  await dataSource.initialize()
  const projects = ["web", "app", "web"].map((project) => ({ project }))
  const saved = await dataSource.getRepository(Ticket).save(projects)
  await dataSource.destroy()
  return saved.map(({ number }) => number).join()
}
