import { readFile } from "node:fs/promises"
import { renderTemplate, templates } from "./templates.ts"
import { valuesSchema } from "./valuesSchema.ts"

const deploy = new URL("../../deploy/", import.meta.url)

export const chartFolder = new URL("helm/control-plane-worker/", deploy)

const read = (path: string) => readFile(new URL(path, deploy), "utf8")

/** A chart reads no file outside of its folder. */
const copies = ["rules.yaml", "dashboard.json"] as const

/** The files of the chart that are written from other ones, by their path in the chart. */
export const chartFiles = async (): Promise<ReadonlyMap<string, string>> =>
  new Map([
    ...(await Promise.all(
      templates.map(
        async (template) =>
          [`templates/${template.name}`, renderTemplate(template, await read(`kubernetes/${template.source}`))] as const
      )
    )),
    ...(await Promise.all(copies.map(async (name) => [`files/${name}`, await read(`observability/${name}`)] as const))),
    ["values.schema.json", `${JSON.stringify(valuesSchema(), null, 2)}\n`] as const
  ])
