import type { QueryRunner } from "typeorm"
import { isOn, mysqlClusterStatus, mysqlVariables } from "./mysql-variables"
import type { ServerFinding, Uses } from "./server-checks"

/**
 * What a Galera cluster does to numbers; undefined for a server that is in none.
 * https://mariadb.com/docs/galera-cluster/reference/galera-cluster-system-variables
 * @internal
 */
export async function mysqlCluster(
    runner: QueryRunner,
    { strategies }: Uses,
): Promise<ServerFinding[] | undefined> {
    const found = await mysqlVariables(runner)
    if (!isOn(found.wsrep_on)) return undefined
    const findings: ServerFinding[] = []
    const { wsrep_cluster_status: status = "unknown" } = await mysqlClusterStatus(runner)
    if (status !== "Primary")
        findings.push({
            status: "problem",
            text:
                `The node is cut off from its cluster (wsrep_cluster_status is ${status}) and refuses statements. ` +
                "Connect to another node, and check the network.",
            remedy: null,
        })
    const retries = Number(found.wsrep_retry_autocommit ?? 0)
    if (strategies.size > 0 && retries > 0)
        findings.push({
            status: "problem",
            text:
                `wsrep_retry_autocommit is ${retries}: after a conflict between nodes the server repeats an INSERT … ` +
                "RETURNING outside a transaction but returns the first result, so two callers may be told the same " +
                "number.",
            remedy: "SET GLOBAL wsrep_retry_autocommit = 0",
        })
    if (strategies.has("trigger") && !isOn(found.log_bin))
        findings.push({
            status: "problem",
            text:
                "The node has no binary log: if a statement of several rows fails and its transaction goes on, the " +
                "node can become inconsistent and lose rows. Set log_bin in the server's configuration, and restart " +
                "the server.",
            remedy: null,
        })
    return findings
}
