export interface OtlpSettings {
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  /** For one batch, the exporter's own retries included. */
  readonly timeoutMs: number;
}

/** Where spans go. At least one of the two is set. */
export interface TraceSettings {
  readonly otlp?: OtlpSettings;
  readonly console: boolean;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_URL = 'http://localhost:4318/v1/traces';

/**
 * What the environment says about traces; undefined: nothing is exported. Unlike an SDK left to itself, this exports only when
 * an endpoint or an exporter is named. Names, defaults and precedence:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/ (an empty value counts as unset).
 * What cannot be used is warned of by the variable's name; values stay out, an endpoint may carry credentials.
 */
export function readSettings(env: NodeJS.ProcessEnv, warn: (message: string) => void): TraceSettings | undefined {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined;
  const exporters = exportersOf(env, warn);
  const otlp = exporters.includes('otlp') ? readOtlp(env, warn) : undefined;
  const console = exporters.includes('console');
  if (otlp === undefined) return console ? { console } : undefined;
  return { otlp, console };
}

function exportersOf(env: NodeJS.ProcessEnv, warn: (message: string) => void): readonly string[] {
  const named =
    env.OTEL_TRACES_EXPORTER?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '') ?? [];
  if (named.includes('none')) return [];
  for (const name of named) {
    if (name !== 'otlp' && name !== 'console') warn(`OTEL_TRACES_EXPORTER: only otlp, console and none are known here`);
  }
  if (named.length > 0) return named;
  return endpointOf(env) === undefined ? [] : ['otlp'];
}

function endpointOf(env: NodeJS.ProcessEnv): { variable: string; value: string; path: string } | undefined {
  const own = set(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  if (own !== undefined) return { variable: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', value: own, path: '' };
  const shared = set(env.OTEL_EXPORTER_OTLP_ENDPOINT);
  if (shared === undefined) return undefined;
  return {
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    value: shared,
    path: shared.endsWith('/') ? 'v1/traces' : '/v1/traces',
  };
}

function readOtlp(env: NodeJS.ProcessEnv, warn: (message: string) => void): OtlpSettings | undefined {
  const protocol =
    set(env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL) ?? set(env.OTEL_EXPORTER_OTLP_PROTOCOL) ?? 'http/protobuf';
  if (protocol !== 'http/protobuf' && protocol !== 'http/json') {
    warn('OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf and http/json are known here; no traces are exported');
    return undefined;
  }
  const endpoint = endpointOf(env);
  const url = endpoint === undefined ? DEFAULT_URL : endpoint.value + endpoint.path;
  if (!['http:', 'https:'].includes(URL.parse(url)?.protocol ?? '')) {
    warn(`${endpoint?.variable} is not a URL that starts with http:// or https://; no traces are exported`);
    return undefined;
  }
  const timeout = Number(set(env.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT) ?? set(env.OTEL_EXPORTER_OTLP_TIMEOUT));
  return { url, protocol, timeoutMs: timeout > 0 && Number.isFinite(timeout) ? timeout : DEFAULT_TIMEOUT_MS };
}

function set(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}
