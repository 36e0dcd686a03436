import { stripVTControlCharacters } from "node:util"

/** What @effect/cli says of every option of a type. */
const noise =
  /^(A user-defined piece of text|A true or false value|An integer|A file|A date without a time-zone.*|This setting is optional)\.$/s

/** `  - status [--json]    Shows ….`: a command, its options and its description. */
const listed = /^ {2}- (\S+) .*? {2,}([A-Z].*)$/s

/** A description may end with an example, which is what follows the program's name. */
const example = /^(.*\.) Example: (.*)\.$/s

const firstSentence = (text: string): string => /^.*?\.(?= |$)/.exec(text)?.[0] ?? text

/** The widest name of a command. */
const nameWidth = "backup-check ".length

/** Paragraphs with colour, of which one may become several. */
const rewritten = (paragraph: string, program: string): ReadonlyArray<string> => {
  const plain = stripVTControlCharacters(paragraph).trimEnd()
  if (noise.test(plain.trim())) return []
  const [, command, description = ""] = listed.exec(plain) ?? []
  if (command !== undefined) return [`  - ${command.padEnd(nameWidth)}  ${firstSentence(description)}`]
  if (plain.startsWith("$ ") && !plain.startsWith(`$ ${program}`)) return [paragraph.replace("$ ", `$ ${program} `)]
  const [, before, call] = example.exec(plain) ?? []
  return before === undefined ? [paragraph] : [before, "EXAMPLE", `$ ${program} ${call}`]
}

/**
 * The help of @effect/cli for readers: with the program's name in the usage and the example of a command, without the sentences
 * that stand below every option, and with a list of commands that fits a terminal.
 */
export const readableHelp = (help: string, program: string): string =>
  help
    .split("\n\n")
    .flatMap((paragraph) => rewritten(paragraph, program))
    .join("\n\n")
    .replaceAll(/^( {2}- .*)\n\n(?= {2}- )/gm, "$1\n")
