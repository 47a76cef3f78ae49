/**
 * Sets up what we measure against, once, in a folder of its own: PyTorch, transformers and peft in a virtual environment,
 * llama.cpp through node-llama-cpp, @genai-fi/nanogpt. Nothing of it is a dependency of the project. pip and npm are asked as the user has
 * configured them; on Linux a plain pip brings PyTorch with CUDA (gigabytes) unless its settings name the CPU's index.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const PEERS_FOLDER = path.resolve(
  process.env.BENCH_PEERS_FOLDER ?? path.join(import.meta.dirname, '..', '..', 'data', 'peers'),
);

const LLAMA_VERSION = '3.21.1';
const NANOGPT_VERSION = '1.3.0';
const REQUIREMENTS = path.join(import.meta.dirname, 'requirements.txt');
const SYSTEM_PYTHONS: readonly (readonly string[])[] = [['python3'], ['python'], ['py', '-3']];

/** A peer that is ready, or why it is not. */
export type Setup = { ready: string } | { missing: string };

const ENVIRONMENT = path.join(PEERS_FOLDER, 'venv');
const PYTHON = path.join(
  ENVIRONMENT,
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);

/** The Python that has PyTorch and peft, where it is set up already. */
export function findPython(): Setup {
  const problem = attempt(PYTHON, [path.join(import.meta.dirname, 'check_requirements.py'), REQUIREMENTS]);
  if (problem === null) return { ready: PYTHON };
  return { missing: `there is no Python with PyTorch and peft (${problem}); \`npm run bench -- --peers\` sets it up` };
}

/** The same, set up now if need be. */
export function setUpPython(): Setup {
  const found = findPython();
  if ('ready' in found) return found;

  const system = SYSTEM_PYTHONS.find(
    ([program, ...options]) =>
      attempt(program!, [...options, '-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))']) === null,
  );
  if (system === undefined) return { missing: 'there is no Python 3.10 or newer here' };
  const [program, ...options] = system;
  mkdirSync(PEERS_FOLDER, { recursive: true });
  console.error(`installing PyTorch and peft into ${ENVIRONMENT}; this takes minutes`);
  const problem =
    attempt(program!, [...options, '-m', 'venv', ENVIRONMENT]) ??
    attempt(PYTHON, ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', '-r', REQUIREMENTS]);
  return problem === null ? findPython() : { missing: `PyTorch and peft could not be installed: ${problem}` };
}

/** The address node-llama-cpp is imported from. */
export function setUpLlama(): Setup {
  return setUpPackage('llama.cpp', 'llama', 'node-llama-cpp', LLAMA_VERSION, 'index.js');
}

/** The address @genai-fi/nanogpt is imported from. */
export function setUpNanogpt(): Setup {
  return setUpPackage('@genai-fi/nanogpt', 'nanogpt', '@genai-fi/nanogpt', NANOGPT_VERSION, 'main.js');
}

function setUpPackage(title: string, folderName: string, name: string, version: string, main: string): Setup {
  const folder = path.join(PEERS_FOLDER, folderName);
  const installed = path.join(folder, 'node_modules', ...name.split('/'));
  const entry = path.join(installed, 'dist', main);
  const manifest = path.join(installed, 'package.json');
  const complete = () => existsSync(entry) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  if (!complete()) {
    // npm names itself to what it runs; by that path it needs no shell on Windows either.
    const npm = process.env.npm_execpath;
    if (npm === undefined) return { missing: `${title} is not installed; \`npm run bench -- --peers\` installs it` };
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, 'package.json'),
      JSON.stringify({ private: true, dependencies: { [name]: version } }),
    );
    console.error(`installing ${title} into ${folder}`);
    // llama.cpp's binaries come as packages; the script after installing would only build another.
    const install = [
      npm,
      'install',
      '--prefix',
      folder,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    const problem = attempt(process.execPath, install, folder);
    if (problem !== null || !complete()) return { missing: `${title} could not be installed: ${problem ?? entry}` };
  }
  return { ready: pathToFileURL(entry).href };
}

/** Runs a program; null when it went well, otherwise the last line it said. */
function attempt(program: string, args: readonly string[], cwd?: string): string | null {
  const { status, error, stderr, stdout } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) return error.message;
  if (status === 0) return null;
  return `${stderr}\n${stdout}`.trim().split('\n').at(-1) || `${program} ended with ${status}`;
}
