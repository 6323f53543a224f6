import "reflect-metadata"
import { DataSource } from "typeorm"
import { memoryOptions } from "./options.js"

/** What the migrations lead to: the command compares it with the entities, without any server. */
export const dataSource = new DataSource(memoryOptions()).initialize()
