/** The kinds of data that OpenTelemetry tells apart. Each goes where the environment says for it alone. */
export const SIGNALS = ['traces', 'metrics', 'logs'] as const;
export type Signal = (typeof SIGNALS)[number];

export interface OtlpSettings {
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  /** For one batch, the exporter's own retries included. */
  readonly timeoutMs: number;
}

/** Where one signal goes. At least one of the two is set. */
export interface SignalSettings {
  readonly otlp?: OtlpSettings;
  readonly console: boolean;
}

/** A signal that is not in it is not exported. */
export type TelemetrySettings = Readonly<Partial<Record<Signal, SignalSettings>>>;

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_ENDPOINT = 'http://localhost:4318';

/**
 * What the environment says about traces, metrics and logs; undefined: nothing is exported. Unlike an SDK left to itself, this
 * exports a signal only when an endpoint or an exporter is named for it. Names, defaults and precedence:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/ (an empty value counts as unset).
 * What cannot be used is warned of once, by the variable's name; values stay out, an endpoint may carry credentials.
 */
export function readSettings(env: NodeJS.ProcessEnv, warn: (message: string) => void): TelemetrySettings | undefined {
  const said = new Set<string>();
  const environment = new Environment(env, (message) => {
    if (!said.has(message)) warn(message);
    said.add(message);
  });
  if (environment.isDisabled()) return undefined;
  const found = SIGNALS.map((signal) => [signal, environment.signal(signal)] as const);
  const settings = Object.fromEntries(found.filter(([, one]) => one !== undefined));
  return Object.keys(settings).length === 0 ? undefined : settings;
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

class Environment {
  readonly #env: NodeJS.ProcessEnv;
  readonly #warn: (message: string) => void;

  constructor(env: NodeJS.ProcessEnv, warn: (message: string) => void) {
    this.#env = env;
    this.#warn = warn;
  }

  isDisabled(): boolean {
    if (this.#read('OTEL_CONFIG_FILE')) this.#warn('OTEL_CONFIG_FILE: not read here; the other variables hold');
    const said = this.#read('OTEL_SDK_DISABLED')?.value.toLowerCase() ?? 'false';
    if (said !== 'true' && said !== 'false') this.#warn('OTEL_SDK_DISABLED: neither true nor false; taken as false');
    return said === 'true';
  }

  signal(signal: Signal): SignalSettings | undefined {
    const exporters = this.#exporters(signal);
    const otlp = exporters.includes('otlp') ? this.#otlp(signal) : undefined;
    const console = exporters.includes('console');
    if (otlp === undefined) return console ? { console } : undefined;
    return { otlp, console };
  }

  #exporters(signal: Signal): readonly string[] {
    const name = `OTEL_${signal.toUpperCase()}_EXPORTER`;
    const named = (this.#read(name)?.value.split(',') ?? []).map((one) => one.trim()).filter((one) => one !== '');
    if (named.some((one) => one !== 'otlp' && one !== 'console' && one !== 'none')) {
      this.#warn(`${name}: only otlp, console and none are known here`);
    }
    if (named.includes('none')) return [];
    if (named.length > 0) return named;
    return this.#forSignal(signal, 'ENDPOINT') === undefined ? [] : ['otlp'];
  }

  #otlp(signal: Signal): OtlpSettings | undefined {
    const protocol = this.#protocol(signal);
    const url = this.#url(signal);
    if (protocol === undefined || url === undefined) return undefined;
    return { url, protocol, timeoutMs: this.#timeout(signal) };
  }

  #protocol(signal: Signal): OtlpSettings['protocol'] | undefined {
    const { name, value } = this.#forSignal(signal, 'PROTOCOL') ?? { name: '', value: 'http/protobuf' };
    if (value === 'http/protobuf' || value === 'http/json') return value;
    this.#warn(`${name}: only http/protobuf and http/json are known here; nothing is exported by it`);
    return undefined;
  }

  /** The endpoint of a signal is taken as it is; the one for all is what the signal's own path is put behind. */
  #url(signal: Signal): string | undefined {
    const { name, value } = this.#forSignal(signal, 'ENDPOINT') ?? { name: '', value: DEFAULT_ENDPOINT };
    const own = name === variableOf(signal, 'ENDPOINT');
    const url = own ? value : `${value.replace(/\/$/, '')}/v1/${signal}`;
    if (['http:', 'https:'].includes(URL.parse(url)?.protocol ?? '')) return url;
    this.#warn(`${name}: no URL that starts with http:// or https://; nothing is exported there`);
    return undefined;
  }

  #timeout(signal: Signal): number {
    const said = this.#forSignal(signal, 'TIMEOUT');
    if (said === undefined) return DEFAULT_TIMEOUT_MS;
    const timeoutMs = Number(said.value);
    if (timeoutMs > 0 && Number.isFinite(timeoutMs)) return timeoutMs;
    this.#warn(`${said.name}: no number of milliseconds above 0; ${DEFAULT_TIMEOUT_MS} is taken`);
    return DEFAULT_TIMEOUT_MS;
  }

  /** What is said of the signal, or else of all. */
  #forSignal(signal: Signal, what: string): Variable | undefined {
    return this.#read(variableOf(signal, what)) ?? this.#read(`OTEL_EXPORTER_OTLP_${what}`);
  }

  #read(name: string): Variable | undefined {
    const value = this.#env[name]?.trim();
    return value ? { name, value } : undefined;
  }
}

function variableOf(signal: Signal, what: string): string {
  return `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${what}`;
}
