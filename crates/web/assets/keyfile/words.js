// What the page says for each code of a refusal, and beside which field.

/** @type {Record<string, {field: string, text: string}>} */
export const WORDS = {
  'certificate-none': { field: 'certificate', text: '这不是证书文件。请选择 PEM 或 DER 格式的证书（.pem、.cer、.crt），或者不选' },
  'certificate-not-sm2': { field: 'certificate', text: '这张证书不是 SM2 证书。请选择与密钥文件配套的签名证书' },
  'certificate-other-key': { field: 'certificate', text: '密钥文件与这张证书不配套。请选择签名证书（不是加密证书），或者换一个密钥文件' },
  'file-missing': { field: 'key', text: '请选择密钥文件' },
  'file-unreadable': { field: 'key', text: '读不到这个文件。请检查文件是否还在原处，再选一次' },
  'file-empty': { field: 'key', text: '这个文件是空的。请选择您的密钥文件' },
  'file-not-key': { field: 'key', text: '这不是密钥文件。请选择生成密钥时保存的文件（PEM 格式，通常以 .key.pem 或 .key 结尾）' },
  'file-other': { field: 'key', text: '这是证书或者证书请求，不是密钥文件。请选择与它配套的密钥文件' },
  'file-pfx': { field: 'key', text: '不支持 PFX（.p12、.pfx）文件。请用 openssl pkcs12 -nocerts 取出其中的密钥文件，再选择它' },
  'key-not-sm2': { field: 'key', text: '这个文件里的密钥不是 SM2 密钥，不能用来签名。请选择 SM2 密钥文件' },
  'key-damaged': { field: 'key', text: '密钥文件已损坏或者格式有误，不能读取。请使用备份的密钥文件' },
  'key-scheme': { field: 'key', text: '密钥文件的加密方式不受支持。请用 openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 重新加密，或者使用签名助手' },
  'key-too-slow': { field: 'key', text: '密钥文件要求的口令运算量过大，没有打开。文件可能被人改动过；请使用备份的密钥文件，或者使用签名助手' },
  'passphrase-missing': { field: 'passphrase', text: '请输入密钥文件的口令' },
  'passphrase-wrong': { field: 'passphrase', text: '口令不对，密钥文件没有打开。请检查大小写和输入法后重新输入' },
  'passphrase-short': { field: 'passphrase', text: '口令至少 12 个字。密钥文件被人拿走时，全靠口令保护' },
  'passphrase-differs': { field: 'again', text: '两次输入的口令不一样，请重新输入' },
  'not-agreed': { field: 'agreed', text: '请先确认您的证书可以使用软件密钥；不可以的，请使用密码设备' },
  'response-missing': { field: 'response', text: '请选择下载的签发结果' },
  'response-damaged': { field: 'response', text: '这不是签发结果，或者文件不完整。请重新下载后再选' },
  'response-other-key': { field: 'response', text: '这份签发结果不是给这把密钥的。请选择提交证书请求时用的密钥文件' },
  text: { field: 'key', text: '要签名的内容与所说的用途不符，没有签名。请刷新页面后重试' },
  'too-long': { field: 'key', text: '两分钟没有算完，已经停止。请关闭其他程序后重试，或者使用签名助手' },
  fault: { field: 'key', text: '浏览器没有完成运算。请刷新页面后重试；仍不行的，请使用签名助手' },
};
