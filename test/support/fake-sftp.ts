import { promises as fs, type BigIntStats, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

/** A file that came, and its mode at that moment. */
export interface Upload {
  readonly path: string;
  readonly mode: number;
}

export interface Served {
  readonly home: string;
  /** Absolute paths start here (ChrootDirectory). */
  readonly root: string;
  /** How many bytes a file may have. */
  readonly room: number;
  readonly onUpload: (upload: Upload) => void;
}

/** SFTP on the real file system: relative paths start at `home`. */
export function serveSftp(sftp: SFTPWrapper, { home, root, room, onUpload }: Served): void {
  const handles = new Map<number, fs.FileHandle>();
  let nextHandle = 0;
  const at = (path: string): string =>
    path.startsWith('/') ? join(root, path) : resolve(home, path);
  const held = (handle: Buffer): fs.FileHandle => {
    const file = handles.get(handle.readUInt32BE(0));
    if (file === undefined) throw new Error('no such handle');
    return file;
  };
  /** Answers with OK, with what `work` sends itself, or with the status of its failure. */
  const answer = (request: number, work: () => Promise<boolean>): void => {
    work().then(
      (answered) => {
        if (!answered) sftp.status(request, STATUS_CODE.OK);
      },
      (error: unknown) => {
        sftp.status(request, statusOf(error), error instanceof Error ? error.message : '');
      },
    );
  };
  const done = (request: number, work: () => Promise<unknown>): void => {
    answer(request, () => work().then(() => false));
  };

  // ssh2 does not answer the end of a session by itself.
  sftp.on('end', () => {
    sftp.end();
  });
  sftp.on('REALPATH', (id, path) => {
    sftp.name(id, [{ filename: at(path), longname: at(path), attrs: {} as Attributes }]);
  });
  sftp.on('LSTAT', (id, path) => {
    answer(id, async () => {
      sftp.attrs(id, attributesOf(await fs.lstat(at(path))));
      return true;
    });
  });
  sftp.on('STAT', (id, path) => {
    answer(id, async () => {
      sftp.attrs(id, attributesOf(await fs.stat(at(path))));
      return true;
    });
  });
  sftp.on('OPEN', (id, path, flags, { mode }) => {
    answer(id, async () => {
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(nextHandle);
      const file = await fs.open(at(path), nodeFlags(flags), mode);
      handles.set(nextHandle, file);
      if (nodeFlags(flags) !== 'r')
        onUpload({ path: at(path), mode: (await file.stat()).mode & 0o7777 });
      nextHandle += 1;
      sftp.handle(id, handle);
      return true;
    });
  });
  sftp.on('WRITE', (id, handle, offset, data) => {
    done(id, async () => {
      const fitting = Math.max(0, Math.min(data.length, room - offset));
      const { bytesWritten } = await held(handle).write(data, 0, fitting, offset);
      if (bytesWritten < data.length) throw new Error('no space left');
    });
  });
  sftp.on('CLOSE', (id, handle) => {
    done(id, async () => {
      await held(handle).close();
      handles.delete(handle.readUInt32BE(0));
    });
  });
  sftp.on('SETSTAT', (id, path, { mode }) => {
    done(id, () => fs.chmod(at(path), mode));
  });
  sftp.on('FSETSTAT', (id, handle, { mode }) => {
    done(id, () => held(handle).chmod(mode));
  });
  sftp.on('MKDIR', (id, path) => {
    done(id, () => fs.mkdir(at(path)));
  });
  sftp.on('REMOVE', (id, path) => {
    done(id, () => fs.unlink(at(path)));
  });
  sftp.on('RMDIR', (id, path) => {
    done(id, () => fs.rmdir(at(path)));
  });
}

function statusOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return STATUS_CODE.NO_SUCH_FILE;
  return code === 'EACCES' || code === 'EPERM'
    ? STATUS_CODE.PERMISSION_DENIED
    : STATUS_CODE.FAILURE;
}

function nodeFlags(flags: number): string {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (!has(OPEN_MODE.WRITE)) return 'r';
  return has(OPEN_MODE.EXCL) ? 'wx' : 'w';
}

const attributesOf = ({
  mode,
  uid,
  gid,
  size,
  atimeMs,
  mtimeMs,
}: Exclude<Stats, BigIntStats>): Attributes => ({
  mode,
  uid,
  gid,
  size,
  atime: Math.floor(atimeMs / 1000),
  mtime: Math.floor(mtimeMs / 1000),
});
