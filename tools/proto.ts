/**
 * `npm run proto`: generates src/wire/gen and src/grpc/gen from the .proto files beside them. protoc (Debian's protobuf-compiler) parses the files, this
 * writes types and tables for our own small codec. The result is checked in, so that neither a build nor a test needs protoc.
 *
 * Why not protoc-gen-es: its runtime builds descriptors when it is imported, 15 ms on every start of a command whose
 * whole budget is 120 ms; and its enums cannot be stripped by Node.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  type ServiceDescriptorProto,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

/** File by package. */
const packages = new Map<string, string>();
const root = join(import.meta.dirname, "..");

function main(): void {
  const files = parseProtos();
  for (const file of files) packages.set(file.package, file.name);
  for (const file of files) {
    const out = join(root, "src", roomOf(file.name), "gen", file.name.replace(/\.proto$/, ".ts"));
    writeFileSync(out, generate(file));
    console.log(`generated ${out.slice(root.length + 1)}`);
  }
}

/** The graph and what is said about its sources is the wire room's, everything else that travels the grpc room's. */
function roomOf(file: string): "wire" | "grpc" {
  return ["llb.proto", "sourcepolicy.proto"].includes(file) ? "wire" : "grpc";
}

function parseProtos(): FileDescriptorProto[] {
  const dirs = ["wire", "grpc"].map((room) => join(root, "src", room, "proto"));
  const scratch = mkdtempSync(join(tmpdir(), "cooper-proto-"));
  try {
    const files = dirs.flatMap((dir) => readdirSync(dir).filter((name) => name.endsWith(".proto")));
    const out = join(scratch, "set");
    execFileSync(
      "protoc",
      [...dirs.map((dir) => `--proto_path=${dir}`), `--descriptor_set_out=${out}`, ...files.sort()],
      {
        stdio: "inherit",
      },
    );
    return fromBinary(FileDescriptorSetSchema, readFileSync(out)).file;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function generate(file: FileDescriptorProto): string {
  const body = [
    ...file.enumType.map(enumText),
    ...file.messageType.map((message) => `${interfaceText(message, file)}${tableText(message, file)}`),
    ...file.service.map((service) => serviceText(service, file)),
  ].join("\n");
  const helpers = ["field", "type MessageType", "method", "unionCase"].filter((name) =>
    body.includes(name.replace(/^type /, "").concat(name.startsWith("type") ? "<" : "(")),
  );
  const imports = [
    ...(roomOf(file.name) === "wire"
      ? [`import { ${helpers.join(", ")} } from "../message.ts";`]
      : fromWire(file, helpers, body)),
    ...file.dependency
      .filter((name) => roomOf(name) !== "wire")
      .map((name) => {
        const used = [`() => ${alias(name)}.`, `(${alias(name)}.`, `, ${alias(name)}.`].some((text) =>
          body.includes(text),
        );
        return `import ${used ? "" : "type "}* as ${alias(name)} from "./${alias(name)}.ts";`;
      }),
  ];
  return `// Generated from src/${roomOf(file.name)}/proto/${file.name} by tools/proto.ts; do not edit.\n\n${imports.sort(bySource).join("\n")}\n\n${body}`;
}

/** What a file of another room takes from the wire room: the codec's words, and perhaps the graph's messages. */
function fromWire(file: FileDescriptorProto, helpers: readonly string[], body: string): string[] {
  const graph = file.dependency.includes("llb.proto") && body.includes("llb.") ? ["pb as llb"] : [];
  return [`import { ${[...helpers, ...graph].join(", ")} } from "../../wire/index.ts";`];
}

/** As the linter wants them: by path. */
function bySource(a: string, b: string): number {
  const path = (line: string) => line.slice(line.indexOf('"'));
  return path(a) < path(b) ? -1 : 1;
}

/** A file's messages, as another file names them. */
function alias(file: string): string {
  return file.replace(/\.proto$/, "");
}

function serviceText(service: ServiceDescriptorProto, file: FileDescriptorProto): string {
  const methods = service.method.map((one) => {
    const path = `"/${file.package}.${service.name}/${one.name}"`;
    const streams = `${one.clientStreaming}, ${one.serverStreaming}`;
    return `  ${one.name}: method(${path}, ${messageName(one.inputType, file)}, ${messageName(one.outputType, file)}, ${streams}),\n`;
  });
  return `export const ${service.name}Service = {\n${methods.join("")}};\n`;
}

function enumText(type: EnumDescriptorProto): string {
  const values = type.value.map((value) => `  ${value.name}: ${value.number},\n`).join("");
  return `export const ${type.name} = {\n${values}} as const;\n`;
}

function interfaceText(message: DescriptorProto, file: FileDescriptorProto): string {
  const lines: string[] = [];
  const unions = new Map<number, string[]>();
  for (const field of message.field) {
    if (inUnion(field)) {
      const cases = unions.get(field.oneofIndex) ?? [];
      cases.push(`{ readonly case: "${nameOf(field)}"; readonly value: ${valueType(field, file)} }`);
      unions.set(field.oneofIndex, cases);
    } else lines.push(memberText(message, field, file));
  }
  for (const [index, cases] of unions) {
    lines.push(`  readonly ${unionName(message, index)}?:\n    | ${cases.join("\n    | ")};\n`);
  }
  return `export interface ${message.name} {\n${lines.join("")}}\n`;
}

function memberText(message: DescriptorProto, field: FieldDescriptorProto, file: FileDescriptorProto): string {
  const name = nameOf(field);
  const entry = mapEntry(message, field);
  if (entry !== undefined) return `  readonly ${name}: ReadonlyMap<string, ${valueType(entry, file)}>;\n`;
  if (field.label === Label.REPEATED) return `  readonly ${name}: readonly ${valueType(field, file)}[];\n`;
  return `  readonly ${name}${field.type === Type.MESSAGE ? "?" : ""}: ${valueType(field, file)};\n`;
}

function tableText(message: DescriptorProto, file: FileDescriptorProto): string {
  const fields = [...message.field]
    .sort((a, b) => a.number - b.number)
    .map((field) => {
      const head = `${field.number}, "${nameOf(field)}"`;
      const json = field.jsonName === nameOf(field) ? "" : `"${field.jsonName}"`;
      if (inUnion(field))
        return `unionCase(${head}, ${codecType(field, file)}, "${unionName(message, field.oneofIndex)}")`;
      const entry = mapEntry(message, field);
      if (entry !== undefined) return `field(${head}, ${codecType(entry, file)}, "map"${json && `, ${json}`})`;
      const list = field.label === Label.REPEATED ? ', "list"' : json && ', "one"';
      return `field(${head}, ${codecType(field, file)}${list}${json && `, ${json}`})`;
    });
  const body = fields.map((text) => `    ${text},\n`).join("");
  return `export const ${message.name}: MessageType<${message.name}> = {\n  name: "${file.package}.${message.name}",\n  fields: [\n${body}  ],\n};\n`;
}

function unionName(message: DescriptorProto, index: number): string {
  return camelName(message.oneofDecl[index]?.name ?? "");
}

function inUnion(field: FieldDescriptorProto): boolean {
  // protoc gives every field an index in proto3 descriptors only when it is in a oneof; the decoder's default is 0.
  return Object.hasOwn(field, "oneofIndex");
}

function mapEntry(message: DescriptorProto, field: FieldDescriptorProto): FieldDescriptorProto | undefined {
  const entry = message.nestedType.find((type) => type.options?.mapEntry && field.typeName.endsWith(`.${type.name}`));
  return entry?.field.find((item) => item.number === 2);
}

/** Names start in lower case and have no underscore, whatever upstream's spelling: `http_proxy`, `ID`, `TmpfsOpt`, `SSHOpt`. */
function nameOf(field: FieldDescriptorProto): string {
  return camelName(field.name);
}

function camelName(name: string): string {
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const head = /^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]/.exec(camel)?.[0] ?? "";
  return head.toLowerCase() + camel.slice(head.length);
}

const scalars = new Map<Type, readonly [codec: string, type: string]>([
  [Type.STRING, ["string", "string"]],
  [Type.BYTES, ["bytes", "Uint8Array"]],
  [Type.BOOL, ["bool", "boolean"]],
  [Type.INT32, ["int32", "number"]],
  [Type.UINT32, ["uint32", "number"]],
  [Type.INT64, ["int64", "bigint"]],
  [Type.UINT64, ["uint64", "bigint"]],
  [Type.FIXED64, ["fixed64", "bigint"]],
  [Type.DOUBLE, ["double", "number"]],
  [Type.ENUM, ["enum", "number"]],
]);

function scalarOf(field: FieldDescriptorProto): readonly [string, string] {
  const scalar = scalars.get(field.type);
  if (scalar === undefined) throw new Error(`cannot generate field ${field.name}: type ${Type[field.type]}`);
  return scalar;
}

function valueType(field: FieldDescriptorProto, file: FileDescriptorProto): string {
  return field.type === Type.MESSAGE ? messageName(field.typeName, file) : scalarOf(field)[1];
}

function codecType(field: FieldDescriptorProto, file: FileDescriptorProto): string {
  if (field.type === Type.MESSAGE) return `() => ${messageName(field.typeName, file)}`;
  return isFileName(field, file) ? '"raw"' : `"${scalarOf(field)[0]}"`;
}

/** BuildKit's own codec asks no string for its encoding, and names of files come in any. */
function isFileName(field: FieldDescriptorProto, file: FileDescriptorProto): boolean {
  const names = new Map([
    ["fsutil.types", ["path", "linkname"]],
    ["moby.buildkit.v1.frontend", ["FilePath", "DirPath", "Path"]],
  ]);
  return field.type === Type.STRING && names.get(file.package)?.includes(field.name) === true;
}

/** One package is one file: a message of another package is one of the file that has that package. */
function messageName(typeName: string, file: FileDescriptorProto): string {
  const at = typeName.lastIndexOf(".");
  const name = typeName.slice(at + 1);
  const owner = typeName.slice(1, at);
  if (owner === file.package) return name;
  const other = packages.get(owner);
  if (other === undefined) throw new Error(`cannot generate ${file.name}: no file has package ${owner}`);
  return `${alias(other)}.${name}`;
}

main();
