#include "runtime/hash.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace netc::runtime {
namespace {

// libcrypto fails only when it is broken or out of memory; there is nothing to tell a person but that.
void require(bool good) {
  if (good) return;
  std::fputs("netc: libcrypto cannot compute a hash\n", stderr);
  std::abort();
}

std::string hexadecimal(std::span<const std::uint8_t> bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

EVP_MD_CTX* as_context(void* p) { return static_cast<EVP_MD_CTX*>(p); }

}  // namespace

void Hasher::Free::operator()(void* context) const { EVP_MD_CTX_free(as_context(context)); }

Hasher::Hasher(HashKind kind) {
  // Hashes need no configuration file; reading it would cost more than a small hash.
  require(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1);
  context_.reset(EVP_MD_CTX_new());
  const EVP_MD* algorithm = kind == HashKind::kSha256 ? EVP_sha256() : EVP_md5();
  require(context_ && EVP_DigestInit_ex(as_context(context_.get()), algorithm, nullptr) == 1);
}

void Hasher::add(const void* data, std::size_t size) {
  require(EVP_DigestUpdate(as_context(context_.get()), data, size) == 1);
}

std::string Hasher::digits() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(as_context(context_.get()), bytes, &size) == 1);
  return hexadecimal({bytes, size});
}

std::string hash_of(HashKind kind, std::span<const std::uint8_t> data) {
  Hasher hasher(kind);
  hasher.add(data.data(), data.size());
  return hasher.digits();
}

Fingerprint fingerprint_of(std::span<const std::span<const std::uint8_t>> parts) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  for (std::span<const std::uint8_t> part : parts) XXH3_128bits_update(&state, part.data(), part.size());
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state));
  Fingerprint fingerprint;
  std::copy_n(canonical.digest, fingerprint.size(), fingerprint.begin());
  return fingerprint;
}

Fingerprint fingerprint_of(std::span<const std::uint8_t> data) { return fingerprint_of(std::span(&data, 1)); }

std::string digits(const Fingerprint& fingerprint) { return hexadecimal(fingerprint); }

}  // namespace netc::runtime
