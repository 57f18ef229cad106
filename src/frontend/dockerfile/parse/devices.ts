import { csvFields } from "./csv.ts";
import { blaming, reworded } from "./errors.ts";
import type { RunDevice } from "./instruction.ts";
import { invalid, withSuggestion } from "./messages.ts";
import { parseBool } from "./values.ts";

/** Reads a `RUN --device` flag: `vendor.com/class=name`, `name=…`, `required`. Throws `dockerfile/invalid`. */
export function readDevice(text: string): RunDevice {
  let device: RunDevice = { name: "", required: false };
  for (const field of deviceFields(text)) device = blaming([field], () => withField(device, field));
  return device;
}

function deviceFields(text: string): string[] {
  try {
    return blaming([`--device=${text}`], () => csvFields(text));
  } catch (error) {
    throw reworded(error, (message) => `failed to parse csv devices: ${message}`);
  }
}

function withField(device: RunDevice, field: string): RunDevice {
  const at = field.indexOf("=");
  const key = (at < 0 ? field : field.slice(0, at)).toLowerCase();
  const value = at < 0 ? undefined : field.slice(at + 1);
  if (key === "required") return { ...device, required: value === undefined ? true : required(key, value) };
  if (key === "name" && value !== undefined) {
    if (device.name !== "") throw invalid(`device name already set to ${device.name}`);
    return { ...device, name: value };
  }
  if (device.name === "") return { ...device, name: field };
  if (value === undefined) throw invalid(`invalid field '${field}' must be a key=value pair`);
  throw invalid(withSuggestion(`unexpected key '${key}' in '${field}'`, key, ["name", "required"], true));
}

function required(key: string, value: string): boolean {
  const parsed = parseBool(value);
  if (parsed === undefined) throw invalid(`invalid value for ${key}: ${value}`);
  return parsed;
}
