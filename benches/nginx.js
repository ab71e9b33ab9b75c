/**
 * nginx as the peer for files: one worker, no log, and every shortcut it has for files that do
 * not change. It serves what adapter-node's build holds, pages and precompressed forms
 * included, so all servers answer with the same representation where nginx has it: Debian's
 * `nginx-light` knows gzip and no brotli.
 */

import fs from 'node:fs';
import path from 'node:path';
import { at } from '../scripts/lib/places.js';
import { which } from '../scripts/lib/toolchain.js';
import { launch } from './servers.js';

const FOLDER = at('target', 'bench', 'nginx');

/** Debian keeps it in sbin, which is not on every user's path. */
export const find_nginx = () =>
	which('nginx') ??
	['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((file) => fs.existsSync(file));

/** @param {number} port */
const configuration = (port) => `# written by the bench
daemon off;
# one process: what is measured is the worker alone
master_process off;
worker_processes 1;
pid ${FOLDER}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
	access_log off;
	sendfile on;
	tcp_nodelay on;
	keepalive_requests 1000000000;
	keepalive_timeout 60s;
	open_file_cache max=1000 inactive=60s;
	open_file_cache_valid 60s;
	open_file_cache_errors on;
	gzip_static on;
	gzip_vary on;
	types {
		text/html html;
		text/css css;
		text/javascript js;
		application/json json;
	}
	client_body_temp_path ${FOLDER}/temp;
	proxy_temp_path ${FOLDER}/temp;
	fastcgi_temp_path ${FOLDER}/temp;
	uwsgi_temp_path ${FOLDER}/temp;
	scgi_temp_path ${FOLDER}/temp;
	server {
		listen 127.0.0.1:${port};
		root ${FOLDER}/files;
		location / { try_files $uri $uri.html =404; }
	}
}
`;

/**
 * Client files and prerendered pages in one folder, as one would upload them to nginx.
 * @param {string} build adapter-node's
 */
export function prepare_nginx(build) {
	fs.rmSync(FOLDER, { recursive: true, force: true });
	for (const part of ['client', 'prerendered']) {
		fs.cpSync(path.join(build, part), path.join(FOLDER, 'files'), { recursive: true });
	}
	fs.mkdirSync(path.join(FOLDER, 'temp'));
}

/** @param {number} core */
export async function start_nginx(core) {
	const nginx = find_nginx();
	if (!nginx) throw new Error('nginx was here when the bench began and is gone');
	return launch('nginx', core, (port) => {
		const file = path.join(FOLDER, 'nginx.conf');
		fs.writeFileSync(file, configuration(port));
		return { program: nginx, args: ['-p', FOLDER, '-c', file], cwd: FOLDER };
	});
}
