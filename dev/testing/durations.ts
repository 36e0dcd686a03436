import { Schema } from "effect"

/** What is used of the report of vitest's JSON reporter. Times are in Unix milliseconds. */
export const Report = Schema.parseJson(
  Schema.Struct({
    startTime: Schema.Number,
    testResults: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        startTime: Schema.Number,
        endTime: Schema.Number,
        assertionResults: Schema.Array(Schema.Struct({ status: Schema.String }))
      })
    )
  })
)

const seconds = (millis: number): string => (millis / 1000).toFixed(millis < 10_000 ? 1 : 0)

/** The room of a test file: two folders deep, a package by its name. */
const roomOf = (file: string): string => {
  const parts = file.split("/")
  return parts.slice(0, Math.min(parts[0] === "packages" ? 4 : 2, parts.length - 1)).join("/")
}

/** The tables of docs/testing.md. File names are relative to `root`. */
export const durationTables = (report: typeof Report.Type, root: string): string => {
  const files = report.testResults
    .map(({ assertionResults, endTime, name, startTime }) => ({
      file: name.replace(root, ""),
      tests: assertionResults.filter(({ status }) => status === "passed").length,
      millis: endTime - startTime
    }))
    .toSorted((one, other) => other.millis - one.millis)
  const whole = Math.max(...report.testResults.map(({ endTime }) => endTime)) - report.startTime
  const rooms = [...Map.groupBy(files, ({ file }) => roomOf(file))]
    .map(([room, members]) => ({
      room,
      files: members.length,
      tests: members.reduce((sum, { tests }) => sum + tests, 0),
      millis: members.reduce((sum, { millis }) => sum + millis, 0)
    }))
    .toSorted((one, other) => other.millis - one.millis)
  return [
    `${files.length} files in ${seconds(whole)} s.`,
    "",
    "| room | files | tests | seconds |",
    "| --- | --- | --- | --- |",
    ...rooms.map(({ files, millis, room, tests }) => `| ${room} | ${files} | ${tests} | ${seconds(millis)} |`),
    "",
    "The ten slowest files:",
    "",
    "| file | tests | seconds |",
    "| --- | --- | --- |",
    ...files.slice(0, 10).map(({ file, millis, tests }) => `| ${file} | ${tests} | ${seconds(millis)} |`)
  ].join("\n")
}
