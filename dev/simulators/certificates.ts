import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** An authority with a server and a client certificate, in PEM. */
export interface Certificates {
  readonly ca: string
  readonly server: { readonly certificate: string; readonly key: string }
  readonly client: { readonly certificate: string; readonly key: string }
}

const openssl = (cwd: string, ...args: ReadonlyArray<string>): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile("openssl", args, { cwd }, (error) => (error === null ? resolve() : reject(error)))
  })

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

const issue = async (folder: string, name: string, extensions: string) => {
  await writeFile(join(folder, `${name}.ext`), extensions)
  await openssl(folder, "req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`)
  await openssl(
    folder,
    ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
    ...["-out", `${name}.pem`, "-days", "2", "-extfile", `${name}.ext`]
  )
  const [certificate, key] = await Promise.all(
    [`${name}.pem`, `${name}.key`].map((file) => readFile(join(folder, file), "utf8"))
  )
  return { certificate: certificate ?? "", key: key ?? "" }
}

/** Creates new ones for a server of that name. */
export const makeCertificates = async (serverName: string): Promise<Certificates> => {
  const folder = await mkdtemp(join(tmpdir(), "certificates-"))
  try {
    await openssl(
      folder,
      ...["req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority"]
    )
    const server = await issue(folder, "server", `subjectAltName=DNS:${serverName}\nextendedKeyUsage=serverAuth`)
    const client = await issue(folder, "client", "extendedKeyUsage=clientAuth")
    return { ca: await readFile(join(folder, "ca.pem"), "utf8"), server, client }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
