/**
 * What kind of image a file is and how large, read from its first bytes, never from its name: only these kinds are shown
 * in the page, everything else is offered for download. PNG (RFC 2083 §11.2.2), GIF89a §18, JPEG (ITU T.81 B.2.2), WebP (RFC 9649).
 */
export interface ImageInfo {
  contentType: 'image/png' | 'image/gif' | 'image/jpeg' | 'image/webp';
  width: number;
  height: number;
}

export function imageInfo(data: Buffer): ImageInfo | null {
  if (data.length >= 24 && data.readUInt32BE(0) === 0x89504e47 && data.toString('latin1', 12, 16) === 'IHDR') {
    return { contentType: 'image/png', width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
  }
  const start = data.toString('latin1', 0, 6);
  if (data.length >= 10 && (start === 'GIF89a' || start === 'GIF87a')) {
    return { contentType: 'image/gif', width: data.readUInt16LE(6), height: data.readUInt16LE(8) };
  }
  if (data.length >= 30 && start.startsWith('RIFF') && data.toString('latin1', 8, 12) === 'WEBP') return webp(data);
  return data.length >= 4 && data.readUInt16BE(0) === 0xffd8 ? jpeg(data) : null;
}

function webp(data: Buffer): ImageInfo | null {
  const contentType = 'image/webp';
  switch (data.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { contentType, width: data.readUIntLE(24, 3) + 1, height: data.readUIntLE(27, 3) + 1 };
    case 'VP8L': {
      const bits = data.readUInt32LE(21);
      return { contentType, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return { contentType, width: data.readUInt16LE(26) & 0x3fff, height: data.readUInt16LE(28) & 0x3fff };
    default:
      return null;
  }
}

function jpeg(data: Buffer): ImageInfo | null {
  let at = 2;
  while (at + 9 < data.length) {
    if (data[at] !== 0xff) return null;
    const marker = data[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame)
      return { contentType: 'image/jpeg', width: data.readUInt16BE(at + 7), height: data.readUInt16BE(at + 5) };
    at += 2 + data.readUInt16BE(at + 2);
  }
  return null;
}
