/**
 * OTLP in its JSON encoding, as far as it is kept here: field names in lowerCamelCase, ids in hexadecimal, 64-bit numbers
 * as decimal strings, enums as numbers (opentelemetry-proto, "JSON Protobuf Encoding").
 */
export interface ExportTraceServiceRequest {
  readonly resourceSpans: ReadonlyArray<ResourceSpans>
}

export interface ResourceSpans {
  readonly resource?: { readonly attributes?: ReadonlyArray<KeyValue> }
  readonly scopeSpans?: ReadonlyArray<ScopeSpans>
}

export interface ScopeSpans {
  readonly scope?: { readonly name?: string; readonly version?: string }
  readonly spans?: ReadonlyArray<OtlpSpan>
}

export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name?: string
  readonly kind?: number
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes?: ReadonlyArray<KeyValue>
  readonly events?: ReadonlyArray<OtlpEvent>
  readonly links?: ReadonlyArray<OtlpLink>
  readonly status?: { readonly code?: number; readonly message?: string }
}

export interface OtlpEvent {
  readonly timeUnixNano?: string
  readonly name?: string
  readonly attributes?: ReadonlyArray<KeyValue>
}

export interface OtlpLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes?: ReadonlyArray<KeyValue>
}

export interface KeyValue {
  readonly key: string
  readonly value?: AnyValue
}

export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values?: ReadonlyArray<AnyValue> }
  readonly kvlistValue?: { readonly values?: ReadonlyArray<KeyValue> }
  readonly bytesValue?: string
}
