import { describe, test } from "vitest";
import { describeScenarios, play, useStage } from "../support/scenario.ts";

/** Every way to write the variable, as it stands in a Dockerfile. */
const greetings = `Hello \${name}! '\${name}' "\${name}"\n`;

describeScenarios("heredocs", {
  "of COPY make files": {
    dockerfile: `
FROM busybox AS build
WORKDIR /dest
COPY <<EOF single
single file
EOF
COPY <<EOF <<EOF2 double/
first file
EOF
second file
EOF2
COPY --chmod=777 <<EOF all
x
EOF
COPY --chmod=0644 <<EOF rw
x
EOF
COPY --chown=daemon:nogroup <<EOF owned
x
EOF
ADD <<EOF plain
x
EOF
COPY <<EOF mixed named mixed/
in the middle
EOF
FROM scratch
COPY --from=build /dest /
`,
    files: { mixed: "m", named: "n" },
    holds: {
      single: { text: "single file\n", mode: 0o644, owner: [0, 0] },
      "double/EOF": "first file\n",
      "double/EOF2": "second file\n",
      all: { mode: 0o777 },
      rw: { mode: 0o644 },
      owned: { owner: [1, 65534], text: "x\n" },
      plain: "x\n",
      mixed: { names: ["EOF", "mixed", "named"] },
    },
  },

  "keep or expand special characters, as their name is quoted": {
    dockerfile: `
FROM scratch
ARG name=world
COPY <<EOF quotes
"quotes in file"
EOF
COPY <<EOF slash1
\\
EOF
COPY <<EOF slash2
\\\\
EOF
COPY <<EOF slash3
\\$
EOF
COPY <<"EOF" raw1
\\
EOF
COPY <<"EOF" raw2
\\\\
EOF
COPY <<"EOF" raw3
\\$
EOF
COPY <<EOF expanded
${greetings}EOF
COPY <<'EOF' single
${greetings}EOF
COPY <<"EOF" double
${greetings}EOF
`,
    holds: {
      quotes: '"quotes in file"\n',
      slash1: "\n",
      slash2: "\\\n",
      slash3: "$\n",
      raw1: "\\\n",
      raw2: "\\\\\n",
      raw3: "\\$\n",
      expanded: "Hello world! 'world' \"world\"\n",
      single: greetings,
      double: greetings,
    },
  },

  "of RUN are scripts of the shell, of SHELL, or of their first line": {
    dockerfile: `
FROM busybox AS build
ARG name=world
WORKDIR /dest
RUN <<EOF
echo "i am" >> plain
whoami >> plain
EOF
RUN <<EOF
greeting="Hello"
echo "\${greeting} \${name}!" > var1
EOF
RUN <<EOF
name="new world"
echo "Hello \${name}!" > var2
EOF
RUN <<EOF
#!/bin/awk -f
BEGIN { print "awk" > "./bang" }
EOF
RUN <<-EOF
	#!/bin/awk -f
	BEGIN { print "awk" > "./bang-tabs" }
EOF
RUN <<EOF
false
echo went on > on
EOF
SHELL ["/bin/awk"]
RUN <<EOF
BEGIN { print "foo" > "/dest/shell" }
EOF
FROM scratch
COPY --from=build /dest /
`,
    holds: {
      plain: "i am\nroot\n",
      var1: "Hello world!\n",
      var2: "Hello new world!\n",
      bang: "awk\n",
      "bang-tabs": "awk\n",
      on: "went on\n",
      shell: "foo\n",
    },
  },

  "of RUN inside a command are the shell's own": {
    dockerfile: `
FROM busybox AS build
WORKDIR /dest
RUN cat <<EOF1 | tr '[:upper:]' '[:lower:]' > ./out1; \\
	cat <<EOF2 | tr '[:lower:]' '[:upper:]' > ./out2
hello WORLD
EOF1
HELLO world
EOF2
RUN <<EOF 3<<IN1 4<<IN2 awk -f -
BEGIN {
	while ((getline line < "/proc/self/fd/3") > 0)
		print tolower(line) > "./fd3"
	while ((getline line < "/proc/self/fd/4") > 0)
		print toupper(line) > "./fd4"
}
EOF
hello WORLD
IN1
HELLO world
IN2
RUN <<EOF sh > /dest/piped
echo "
	foo"
EOF
FROM scratch
COPY --from=build /dest /
`,
    holds: {
      out1: "hello world\n",
      out2: "HELLO WORLD\n",
      fd3: "hello world\n",
      fd4: "HELLO WORLD\n",
      piped: "\n\tfoo\n",
    },
  },

  "lose leading tabs with a dash": {
    dockerfile: `
FROM busybox AS build
COPY <<EOF /dest/copy
	foo
EOF
COPY <<-EOF /dest/copy-dash
	foo
	EOF
RUN <<EOF
echo "
	foo" > /dest/run
EOF
RUN <<-EOF
echo "
	foo" > /dest/run-dash
EOF
RUN <<EOF
#!/bin/sh
echo "
	foo" > /dest/bang
EOF
RUN <<-EOF
#!/bin/sh
echo "
	foo" > /dest/bang-dash
EOF
RUN <<-EOF sh > /dest/piped-dash
echo "
	foo"
EOF
FROM scratch
COPY --from=build /dest /
`,
    holds: {
      copy: "\tfoo\n",
      "copy-dash": "foo\n",
      run: "\n\tfoo\n",
      "run-dash": "\nfoo\n",
      bang: "\n\tfoo\n",
      "bang-dash": "\nfoo\n",
      "piped-dash": "\nfoo\n",
    },
  },

  "fail with the place when they do not end": {
    dockerfile: "FROM busybox\nRUN <<EOF\necho\n",
    fails: ["unterminated heredoc"],
  },
});

describe("a heredoc of ONBUILD", () => {
  const stage = useStage();

  test("runs in the child's build", async () => {
    const { lab, registry } = stage();
    const base = `${registry.host}/onbuild/heredoc:base`;
    lab.write({ Dockerfile: 'FROM busybox\nONBUILD RUN <<EOF\necho "hello world" >> /dest\nEOF\n' });
    await lab.push(base);
    const dockerfile = `FROM ${base} AS base\nFROM scratch\nCOPY --from=base /dest /dest\n`;
    await play({ dockerfile, holds: { dest: "hello world\n" } }, lab);
  });
});
