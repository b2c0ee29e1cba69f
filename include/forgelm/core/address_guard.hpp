// Which network addresses may be dialled (server-side request forgery): only globally reachable unicast ones, unless
// the caller allows private destinations. Pure functions on addresses: no look-ups, no state. An IPv6 address that
// carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is judged by both, so that 127.0.0.1 cannot
// hide in one. Oracle: CPython's ipaddress plus the IANA registries (tools/golden/address), which lists where we are
// stricter.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace forgelm {

/// An address in network byte order; IPv4 uses the first four bytes.
struct IpAddress {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> bytes{};
  bool operator==(const IpAddress&) const = default;
};

/// Exactly "a.b.c.d" or an IPv6 text without brackets and zone; no short, octal or hexadecimal forms.
std::optional<IpAddress> parse_ip_address(std::string_view text);
std::string to_string(const IpAddress& address);

enum class AddressKind {
  global,       ///< may be dialled by everyone
  loopback,     ///< 127.0.0.0/8, ::1
  private_,     ///< RFC 1918; fc00::/7; 64:ff9b:1::/48 (a local NAT64) in front of a global or private address
  shared,       ///< 100.64.0.0/10, carrier-grade NAT
  link_local,   ///< 169.254.0.0/16, fe80::/10: here live the metadata services of clouds
  unspecified,  ///< 0.0.0.0/8, ::
  multicast,
  broadcast,
  documentation,  ///< and benchmarking
  reserved,       ///< everything else that is not a host on the Internet
};

/// "loopback", "private", ...: for messages.
const char* to_string(AddressKind kind) noexcept;

/// What the address is, after looking through transition mechanisms: `global` only when every part of it is.
AddressKind kind_of(const IpAddress& address) noexcept;

/// `global` always; loopback, private and shared when `allow_private_destinations`; the others never (a metadata
/// service hands out credentials, and nothing else lives in the rest).
bool may_dial(AddressKind kind, bool allow_private_destinations) noexcept;

}  // namespace forgelm
