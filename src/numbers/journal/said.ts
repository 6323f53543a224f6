import type { QueryRunner } from "typeorm"
import { Session } from "../../inserts/session"
import type { Sender } from "../../typeorm/statement"

/** @internal What was said of an unusual deed. */
export interface Said {
    readonly reason?: string
    readonly by?: string
}

const all = new WeakMap<Session, Said>()

/** @internal What code has said in a session; nothing where that has told the database itself. */
export function saidIn(sender: Sender): Said {
    const session = sender instanceof Session ? sender : Session.find(sender as QueryRunner)
    return (session && all.get(session)) ?? {}
}

/** @internal Says something until it is said otherwise; returns what was said before. */
export function sayIn(session: Session, said: Said): Said {
    const before = all.get(session) ?? {}
    all.set(session, said)
    return before
}
