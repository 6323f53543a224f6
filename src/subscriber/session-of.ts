import type { QueryRunner } from "typeorm"
import { CommitAssigner } from "../commit/commit-assigner"
import { Session } from "../inserts/session"
import { KeyAssigner } from "../keys/insert/key-assigner"
import { NumberAssigner } from "../numbers/number-assigner"
import { TriggerAssigner } from "../numbers/trigger/trigger-assigner"

/** @internal The session of a query runner, with all who assign values. */
export function sessionOf(runner: QueryRunner): Session {
    return Session.of(runner, (session) => [
        new CommitAssigner(session),
        new NumberAssigner(session),
        new TriggerAssigner(session),
        new KeyAssigner(session),
    ])
}
