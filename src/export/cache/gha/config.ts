import { CooperError, goDuration, goQuote } from "../../../kit/index.ts";
import type { Attributes, Environment } from "../objects/contract.ts";

/** Where a workflow's cache is: upstream's attributes of `type=gha`. */
export interface GhaConfig {
  /** `scope=`: caches of one repository that do not know each other. Not the scopes of the token. */
  readonly scope: string;
  readonly url: URL;
  readonly token: string;
  readonly version: 1 | 2;
  /** How long a call that is told to wait may wait, in milliseconds. */
  readonly timeout: number;
  /** For GitHub's own list of what is there, which saves a question per blob. */
  readonly list: { readonly repository: string; readonly token: string; readonly api: string } | undefined;
}

/** Reads the attributes. Throws `export/bad-attribute`, in upstream's words. */
export function ghaConfig(attrs: Attributes, env: Environment): GhaConfig {
  const { token, repository = "", ghtoken = "" } = attrs;
  if (token === undefined) throw bad("token not set for github actions cache");
  const stated = statedVersion(attrs.version);
  const v2 = stated === 1 ? undefined : attrs.url_v2;
  const url = v2 || attrs.url;
  if (url === undefined || url === "") throw bad("url not set for github actions cache");
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw bad(`invalid url ${goQuote(url)} for github actions cache`);
  const newer = v2 !== undefined || stated > 1 || (stated === 0 && url.includes(newService));
  return {
    scope: attrs.scope ?? "buildkit",
    url: new URL(url),
    token,
    version: newer ? 2 : 1,
    timeout: timeoutOf(attrs.timeout),
    list:
      repository === "" || ghtoken === ""
        ? undefined
        : { repository, token: ghtoken, api: env.GITHUB_API_URL || "https://api.github.com" },
  };
}

/** Old clients do not say which service they mean. */
const newService = "results-receiver.actions.githubusercontent.com";

function statedVersion(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw bad(
    `failed to parse api version ${goQuote(text)}, expected positive integer: strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`,
  );
}

function timeoutOf(text: string | undefined): number {
  if (text === undefined) return 10 * 60_000;
  const duration = goDuration(text);
  if (duration !== undefined) return duration;
  throw bad(`failed to parse timeout for github actions cache: time: invalid duration ${goQuote(text)}`);
}

function bad(sentence: string): CooperError {
  return new CooperError("export/bad-attribute", sentence);
}
