/**
 * Words that are parts of addresses in most applications, for `reserved` of {@link PseudoKey}:
 * words used where a key could be (`/articles/new`), words that users associate with the
 * application itself (`/admin`), and files at the root of a site.
 *
 * ```ts
 * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey, RESERVED_KEYS } from "typeorm-autosequence"
 *
 * @Entity()
 * class Team {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     name!: string
 *
 *     @PseudoKey({ derive: (team: Team) => team.name, reserved: [...RESERVED_KEYS, "pricing"] })
 *     slug!: string // "New" becomes new-2
 * }
 * ```
 */
export const RESERVED_KEYS: readonly string[] = Object.freeze(
    (
        "about account accounts activate add admin administrator all api app apps archive assets auth avatar batch billing " +
        "blog bulk callback cancel captcha cdn checkout clear config confirm contact cookie cookies copy count create css " +
        "current dashboard data default delete destroy disable docs download downloads draft drafts edit embed enable " +
        "error errors events export false favicon favicon.ico feed feedback files filter find first follow fonts forgot " +
        "forgot-password graphql guest health healthz help home host hosting hostname html http https icons image images " +
        "img import impressum inbox index index.html info internal invite invites invoices javascript javascripts js json " +
        "languages last latest legal list live local localhost lock login logout logs mail manage manifest.json me media " +
        "message messages metrics moderator my nan new next none notifications null oauth offline ok order orders owner " +
        "page pages password payment payments permissions ping policy preferences preview previous privacy private " +
        "profile profiles public publish query random readyz redirect refresh register remove rename reply report reports " +
        "reset reset-password restore robots.txt root rss save script scripts search secure security self send service " +
        "session sessions settings setup share sign-in sign-out sign-up signin signout signup site sitemap sitemap.xml " +
        "sort sso staff stage staging static stats status stop style styles stylesheets subscribe support sync sysadmin " +
        "system tag tags team teams terms test tests token tokens true trash undefined undo unlock unsubscribe update " +
        "upload uploads url user username users verify version view web webhook webhooks webmaster websocket well-known " +
        "widget wiki www xml"
    ).split(" "),
)
