import { readFileSync } from "node:fs"
import { join } from "node:path"
import { defineConfig } from "vitepress"
import { anchorOf } from "../../scripts/anchors"
import { style } from "../../scripts/pictures/svg"
import { apiSidebar, sidebar } from "./navigation.mts"

const PAGES = join(__dirname, "..", "pages")

export default defineConfig({
  title: "typeorm-autosequence",
  description: "Gapless numbers and public keys for TypeORM entities",
  lang: "en",
  // Where it is published below a path: SITE_BASE=/typeorm-autosequence/
  base: process.env.SITE_BASE ?? "/",
  srcDir: "pages",
  cleanUrls: true,
  // Pictures that are inside the page follow its switch of light and dark.
  head: [
    ["style", {}, style(".dark")],
    ["link", { rel: "icon", href: "data:," }],
  ],
  markdown: {
    // The anchors of GitHub, by which the pages link to each other.
    anchor: { slugify: anchorOf },
    config(md) {
      // Braces of formats, {{0000}}, are no expressions of Vue.
      for (const rule of ["text", "code_inline"] as const) {
        const render = md.renderer.rules[rule]
        md.renderer.rules[rule] = (...args) =>
          (render?.(...args) ?? "")
            .replaceAll("{{", "&#123;&#123;")
            .replaceAll("}}", "&#125;&#125;")
      }
      const image = md.renderer.rules.image
      md.renderer.rules.image = (tokens, at, options, env, self) => {
        const source = tokens[at]?.attrGet("src") ?? ""
        if (!/^(\.\/)?images\/[\w-]+\.svg$/.test(source))
          return image?.(tokens, at, options, env, self) ?? ""
        const svg = readFileSync(join(PAGES, source), "utf8").replace(/<style>.*<\/style>\n/, "")
        return `<span class="figure" v-pre>${svg.replace(/\n/g, "")}</span>`
      }
    },
  },
  themeConfig: {
    search: {
      provider: "local",
      options: {
        // The API is found by its names: its texts would come before those of the pages.
        _render: (text, env, md) =>
          md.render(
            env.relativePath.startsWith("api/") ? (/^# .*$/m.exec(text)?.[0] ?? "") : text,
            env,
          ),
      },
    },
    outline: [2, 3],
    nav: [
      { text: "Start", link: "/start" },
      { text: "Invoices", link: "/invoices" },
      { text: "Public keys", link: "/pseudo-keys" },
      { text: "NestJS", link: "/nestjs" },
      { text: "API", link: "/api/", activeMatch: "/api/" },
    ],
    sidebar: { "/api/": apiSidebar(), "/": sidebar() },
  },
})
