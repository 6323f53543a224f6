import type { QueryRunner } from "typeorm"
import { CommitAssigner } from "../commit/commit-assigner"
import type { Assigner } from "../inserts/assigner"
import { Session } from "../inserts/session"
import { KeyAssigner } from "../keys/insert/key-assigner"
import { NumberAssigner } from "../numbers/number-assigner"
import { NumberSource } from "../numbers/number-source"
import { TriggerAssigner } from "../numbers/trigger/trigger-assigner"

/** @internal The session of a query runner, with all who assign values. */
export function sessionOf(runner: QueryRunner): Session {
    return Session.of(runner, assignersOf)
}

function assignersOf(session: Session): readonly Assigner[] {
    const source = new NumberSource(session)
    // V8 may make an array literal among the old objects, which keep what they hold until these are collected.
    return Array.of<Assigner>(
        new CommitAssigner(session, source),
        new NumberAssigner(session, source),
        new TriggerAssigner(session),
        new KeyAssigner(session),
    )
}
