import "./engine"
import "reflect-metadata"
import chai from "chai"
import chaiAsPromised from "chai-as-promised"
import { stopServers } from "./databases"

chai.use(chaiAsPromised)

export async function mochaGlobalTeardown(): Promise<void> {
    await stopServers()
}
