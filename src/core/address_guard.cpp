// The tables follow the IANA special-purpose address registries. IPv6 starts from "refused": only 2000::/3 is allocated
// as global unicast.
#include "forgelm/core/address_guard.hpp"

#include <arpa/inet.h>

#include <cstddef>

namespace forgelm {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct Range4 {
  std::uint32_t network;
  int num_bits;
  AddressKind kind;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// First match wins.
constexpr Range4 kRanges4[] = {
    {v4(255, 255, 255, 255), 32, AddressKind::broadcast},
    {v4(0, 0, 0, 0), 8, AddressKind::unspecified},
    {v4(10, 0, 0, 0), 8, AddressKind::private_},
    {v4(100, 64, 0, 0), 10, AddressKind::shared},
    {v4(127, 0, 0, 0), 8, AddressKind::loopback},
    {v4(169, 254, 0, 0), 16, AddressKind::link_local},
    {v4(172, 16, 0, 0), 12, AddressKind::private_},
    {v4(192, 0, 0, 0), 24, AddressKind::reserved},  // IETF protocol assignments
    {v4(192, 0, 2, 0), 24, AddressKind::documentation},
    {v4(192, 88, 99, 0), 24, AddressKind::reserved},  // 6to4 relay anycast
    {v4(192, 168, 0, 0), 16, AddressKind::private_},
    {v4(198, 18, 0, 0), 15, AddressKind::documentation},  // benchmarking
    {v4(198, 51, 100, 0), 24, AddressKind::documentation},
    {v4(203, 0, 113, 0), 24, AddressKind::documentation},
    {v4(224, 0, 0, 0), 4, AddressKind::multicast},
    {v4(240, 0, 0, 0), 4, AddressKind::reserved},
};

AddressKind kind_of_v4(std::uint32_t address) noexcept {
  for (const Range4& range : kRanges4)
    if (((address ^ range.network) >> (32 - range.num_bits)) == 0) return range.kind;
  return AddressKind::global;
}

struct Range6 {
  std::array<std::uint8_t, 8> network;  // no range of ours is longer than 64 bits
  int num_bits;
  AddressKind kind;
};

constexpr Range6 kRanges6[] = {
    {{0xff}, 8, AddressKind::multicast},
    {{0xfe, 0x80}, 10, AddressKind::link_local},
    {{0xfe, 0xc0}, 10, AddressKind::reserved},  // site-local, deprecated
    {{0xfc}, 7, AddressKind::private_},         // unique local
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressKind::documentation},
    {{0x3f, 0xff, 0x00}, 20, AddressKind::documentation},
    {{0x20, 0x01, 0x00, 0x02, 0x00, 0x00}, 48, AddressKind::documentation},  // benchmarking
    {{0x20, 0x01, 0x00}, 23, AddressKind::reserved},                         // IETF protocol assignments
};

bool is_within(const Bytes& address, const std::uint8_t* network, int num_bits) noexcept {
  const std::size_t whole = static_cast<std::size_t>(num_bits / 8);
  for (std::size_t i = 0; i < whole; ++i)
    if (address[i] != network[i]) return false;
  const int rest = num_bits % 8;
  return rest == 0 || ((address[whole] ^ network[whole]) >> (8 - rest)) == 0;
}

template <std::size_t N>
bool starts_with(const Bytes& address, const std::array<std::uint8_t, N>& prefix) noexcept {
  return is_within(address, prefix.data(), static_cast<int>(8 * N));
}

std::uint32_t v4_at(const Bytes& address, std::size_t at) noexcept {
  return v4(address[at], address[at + 1], address[at + 2], address[at + 3]);
}

/// Worse of two: what may never be dialled, then what may not be dialled by everyone, then the first.
AddressKind both(AddressKind a, AddressKind b) noexcept {
  if (a == AddressKind::global) return b;
  const bool is_b_worse = may_dial(a, true) && !may_dial(b, true);
  return is_b_worse ? b : a;
}

AddressKind kind_of_v6(const Bytes& a) noexcept {
  constexpr std::array<std::uint8_t, 12> kCompatible{};
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> kNat64{0x00, 0x64, 0xff, 0x9b};
  constexpr std::array<std::uint8_t, 6> kLocalNat64{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};
  constexpr std::array<std::uint8_t, 4> kTeredo{0x20, 0x01, 0x00, 0x00};
  constexpr std::array<std::uint8_t, 2> k6to4{0x20, 0x02};

  if (starts_with(a, kCompatible)) {
    const std::uint32_t last = v4_at(a, 12);
    return last == 0 ? AddressKind::unspecified : last == 1 ? AddressKind::loopback : kind_of_v4(last);
  }
  if (starts_with(a, kMapped) || starts_with(a, kNat64)) return kind_of_v4(v4_at(a, 12));
  if (starts_with(a, kLocalNat64)) {
    const AddressKind inner = kind_of_v4(v4_at(a, 12));
    return inner == AddressKind::global ? AddressKind::private_ : inner;
  }
  if (starts_with(a, kTeredo))  // the server, and the client with all bits flipped
    return both(kind_of_v4(v4_at(a, 4)), kind_of_v4(~v4_at(a, 12)));
  AddressKind kind = (a[0] >> 5) == 1 ? AddressKind::global : AddressKind::reserved;
  for (const Range6& range : kRanges6) {
    if (!is_within(a, range.network.data(), range.num_bits)) continue;
    kind = range.kind;
    break;
  }
  if (starts_with(a, k6to4)) kind = both(kind, kind_of_v4(v4_at(a, 2)));
  const bool is_isatap = (a[8] & 0xfdU) == 0 && a[9] == 0 && a[10] == 0x5e && a[11] == 0xfe;
  return is_isatap ? both(kind, kind_of_v4(v4_at(a, 12))) : kind;
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  address.is_v6 = terminated.find(':') != std::string::npos;
  if (::inet_pton(address.is_v6 ? AF_INET6 : AF_INET, terminated.c_str(), address.bytes.data()) != 1)
    return std::nullopt;
  return address;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

const char* to_string(AddressKind kind) noexcept {
  switch (kind) {
    case AddressKind::global: return "global";
    case AddressKind::loopback: return "loopback";
    case AddressKind::private_: return "private";
    case AddressKind::shared: return "carrier-grade NAT";
    case AddressKind::link_local: return "link-local";
    case AddressKind::unspecified: return "unspecified";
    case AddressKind::multicast: return "multicast";
    case AddressKind::broadcast: return "broadcast";
    case AddressKind::documentation: return "documentation";
    case AddressKind::reserved: return "reserved";
  }
  return "reserved";
}

AddressKind kind_of(const IpAddress& address) noexcept {
  return address.is_v6 ? kind_of_v6(address.bytes) : kind_of_v4(v4_at(address.bytes, 0));
}

bool may_dial(AddressKind kind, bool allow_private_destinations) noexcept {
  switch (kind) {
    case AddressKind::global: return true;
    case AddressKind::loopback:
    case AddressKind::private_:
    case AddressKind::shared: return allow_private_destinations;
    default: return false;
  }
}

}  // namespace forgelm
