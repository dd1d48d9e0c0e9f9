// Object identifiers as the octets of their contents, in hexadecimal.

/** id-ecPublicKey */
export const EC_PUBLIC_KEY = '2a8648ce3d0201';
/** The curve of SM2: 1.2.156.10197.1.301 */
export const SM2 = '2a811ccf5501822d';
/** SM2 with SM3: 1.2.156.10197.1.501 */
export const SM2_WITH_SM3 = '2a811ccf55018375';
/** SM4 and SM4-ECB: 1.2.156.10197.1.104, …104.1 */
export const SM4 = '2a811ccf550168';
export const SM4_ECB = '2a811ccf55016801';
export const PBES2 = '2a864886f70d01050d';
export const PBKDF2 = '2a864886f70d01050c';
export const HMAC_SHA256 = '2a864886f70d0209';
export const AES_256_CBC = '60864801650304012a';
export const COUNTRY = '550406';
export const COMMON_NAME = '550403';

/** The functions under PBKDF2. SM3 has two: GM/T 0006 (GmSSL) and GM/T 0091 (OpenSSL, Tongsuo). */
export const PRFS = {
  [HMAC_SHA256]: 'SHA-256',
  '2a864886f70d020a': 'SHA-384',
  '2a864886f70d020b': 'SHA-512',
  '2a811ccf5501831102': 'SM3',
  '2a811ccf550183110301': 'SM3',
};

/** The ciphers under PBES2 with the octets of their keys. */
export const CIPHERS = {
  '608648016503040102': { name: 'AES-CBC', octets: 16 },
  '608648016503040116': { name: 'AES-CBC', octets: 24 },
  [AES_256_CBC]: { name: 'AES-CBC', octets: 32 },
  '2a811ccf55016802': { name: 'SM4-CBC', octets: 16 },
};
