import { spawnSync } from "node:child_process"
import { Effect, Redacted } from "effect"
import { failStory } from "./StoryFailed.ts"

/** Runs openssl with this input, without writing it to disk. Returns its output. */
const openssl = (args: ReadonlyArray<string>, input: string) =>
  Effect.suspend(() => {
    const { error, status, stderr, stdout } = spawnSync("openssl", args, { input, encoding: "utf8" })
    return status === 0
      ? Effect.succeed(stdout.trim())
      : // Of what it says in an error nothing is the input.
        failStory(`openssl ${args[0]}`, error?.message ?? stderr.trim())
  })

/** The first certificate of a possible chain. */
export const describeCertificate = (pem: string) =>
  Effect.map(openssl(["x509", "-noout", "-subject", "-issuer", "-startdate", "-enddate"], pem), (text) => {
    const fields = new Map(
      text.split("\n").map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1).trim()])
    )
    const field = (name: string) => fields.get(name) ?? ""
    return {
      subject: field("subject"),
      issuer: field("issuer"),
      notBefore: field("notBefore"),
      notAfter: field("notAfter")
    }
  })

/** Whether the chain ends at the trusted root and is valid for a server of that name. Both files are PEM. */
export const verifyChain = (chain: string, host: string, files: { readonly root: string; readonly chain: string }) =>
  openssl(
    ["verify", "-purpose", "sslserver", "-verify_hostname", host, "-CAfile", files.root, "-untrusted", files.chain],
    chain
  )

/** In PEM. Compares the public keys, so the private key stays in memory. */
export const publicKeyOfCertificate = (pem: string) => openssl(["x509", "-noout", "-pubkey"], pem)
export const publicKeyOfKey = (key: Redacted.Redacted) => openssl(["pkey", "-pubout"], Redacted.value(key))
