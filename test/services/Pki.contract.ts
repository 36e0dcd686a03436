import { createPrivateKey } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import * as x509 from "@peculiar/x509"
import { Effect, type Layer, Redacted } from "effect"
import { Pki } from "../../src/services/certificate/Pki.ts"
import { named } from "../support/named.ts"

const labelled = (length: number) => `${"a".repeat(length - ".example.test".length)}.example.test`

/** What every implementation of `Pki` promises. */
export const pkiContract = <E>(name: string, pki: Layer.Layer<Pki, E>): void =>
  layer(pki)(`Pki: ${name}`, (it) => {
    it.effect("an account's key is P-256 in SEC 1, a certificate's RSA of 2048 bits in PKCS#1, and each is new", () =>
      Effect.gen(function* () {
        const { generateAccountKey, generateCertificateKey } = yield* Pki
        const account = Redacted.value(yield* generateAccountKey)
        assert.match(account, /^-----BEGIN EC PRIVATE KEY-----\n/)
        assert.strictEqual(createPrivateKey(account).asymmetricKeyDetails?.namedCurve, "prime256v1")
        const certificate = Redacted.value(yield* generateCertificateKey)
        assert.match(certificate, /^-----BEGIN RSA PRIVATE KEY-----\n/)
        assert.strictEqual(createPrivateKey(certificate).asymmetricKeyDetails?.modulusLength, 2048)
        assert.notStrictEqual(Redacted.value(yield* generateAccountKey), account)
        assert.notStrictEqual(Redacted.value(yield* generateCertificateKey), certificate)
      })
    )

    for (const [title, names, commonName] of [
      ["one name", ["a.example.test"], "a.example.test"],
      ["a wildcard and its apex", ["*.example.test", "example.test"], "*.example.test"],
      ["a first name of 64 characters", [labelled(64)], labelled(64)],
      ["a first name of 65 characters", [labelled(65), "b.example.test"], undefined]
    ] as const)
      it.effect(`a request for ${title} is for exactly that, signed by the key`, () =>
        Effect.gen(function* () {
          const { createCsr, generateCertificateKey } = yield* Pki
          const request = new x509.Pkcs10CertificateRequest(
            yield* createCsr(yield* generateCertificateKey, names.map(named))
          )
          assert.isTrue(yield* Effect.promise(() => request.verify()))
          assert.deepStrictEqual(request.subjectName.getField("CN"), commonName === undefined ? [] : [commonName])
          const alternatives = request.extensions.flatMap((each) =>
            each instanceof x509.SubjectAlternativeNameExtension ? each.names.items : []
          )
          assert.deepStrictEqual(
            alternatives.map(({ value }) => value),
            [...names]
          )
        })
      )

    it.effect("what is not a certificate is refused, and the refusal does not quote it", () =>
      Effect.gen(function* () {
        const { generateAccountKey, inspect, matches } = yield* Pki
        const key = yield* generateAccountKey
        for (const text of [
          "",
          "nonsense",
          Redacted.value(key),
          "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        ]) {
          const failures = yield* Effect.all([Effect.flip(inspect(text)), Effect.flip(matches(text, key))])
          for (const failure of failures) {
            assert.deepInclude(failure, { _tag: "NotACertificate" })
            if (text !== "") assert.notInclude(failure.message + String(failure.stack), text)
          }
        }
      })
    )
  })
