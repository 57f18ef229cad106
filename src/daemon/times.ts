export function timestamp(date: Date): { readonly seconds: bigint; readonly nanos: number };
export function timestamp(date: Date | undefined): { readonly seconds: bigint; readonly nanos: number } | undefined;
/** A moment as protobuf has it. */
export function timestamp(date: Date | undefined) {
  if (date === undefined) return undefined;
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(seconds), nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}
