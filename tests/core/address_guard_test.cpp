#include "forgelm/core/address_guard.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"

using namespace forgelm;

namespace {
AddressKind kind_of_text(const std::string& text) {
  const auto address = parse_ip_address(text);
  INFO(text);
  REQUIRE(address.has_value());
  return kind_of(*address);
}

/// 128 bits, of which an IPv4 address is the last 32.
struct Wide {
  std::uint64_t high = 0, low = 0;
};

Wide plus(Wide a, std::int64_t b) {
  const std::uint64_t low = a.low + static_cast<std::uint64_t>(b);
  const bool carries = b >= 0 ? low < a.low : low > a.low;
  return {carries ? (b >= 0 ? a.high + 1 : a.high - 1) : a.high, low};
}

struct Network {
  Wide first;
  int num_bits = 0;
};

/// The addresses of a block, by the rule of tools/golden/address/make.py.
class Draw {
 public:
  Draw(std::uint64_t block, const std::array<std::vector<Network>, 2>& networks)
      : state_(block * 0x9E3779B97F4A7C15ULL + 12345), networks_(networks) {}

  IpAddress address(std::uint64_t kind) {
    bool is_v6 = true;
    const Wide number = draw(kind, is_v6);
    IpAddress address;
    address.is_v6 = is_v6;
    const std::size_t num_bytes = is_v6 ? 16 : 4;
    for (std::size_t i = 0; i < num_bytes; ++i) {
      const std::size_t at = num_bytes - 1 - i;
      const std::uint64_t part = i < 8 ? number.low >> (8 * i) : number.high >> (8 * (i - 8));
      address.bytes[at] = static_cast<std::uint8_t>(part & 0xFF);
    }
    return address;
  }

 private:
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  Wide in_network(bool is_v6) {
    const auto& list = networks_.at(is_v6 ? 1 : 0);
    const Network& network = list[next() % list.size()];
    const int width = is_v6 ? 128 : 32;
    const int num_host_bits = width - network.num_bits;
    const auto mask_of = [](int bits) { return bits >= 64 ? ~0ULL : bits <= 0 ? 0ULL : (1ULL << bits) - 1; };
    const Wide mask{mask_of(num_host_bits - 64), mask_of(num_host_bits)};
    Wide random;
    if (is_v6) random.high = next();
    random.low = next();
    const std::uint64_t mode = next() % 4;
    if (mode < 2) return {network.first.high | (random.high & mask.high), network.first.low | (random.low & mask.low)};
    Wide base = network.first;
    if (mode == 3) base = {base.high | mask.high, base.low | mask.low};
    // 2^64 is 1 modulo 5.
    const std::uint64_t rest = (random.high % 5 + random.low % 5) % 5;
    base = plus(base, static_cast<std::int64_t>(rest) - 2);
    return is_v6 ? base : Wide{0, base.low & 0xFFFFFFFF};
  }

  std::uint64_t inner() { return next() % 4 == 0 ? next_inner() : in_network(false).low; }
  std::uint64_t next_inner() { return next() & 0xFFFFFFFF; }
  std::uint64_t isatap() { return (next() % 2 == 0 ? 0x5EFEULL : 0x02005EFEULL) << 32; }

  Wide draw(std::uint64_t kind, bool& is_v6) {
    is_v6 = kind != 0;
    switch (kind) {
      case 0: return {0, inner()};
      case 1: {
        const std::uint64_t high = next();
        return {high, next()};
      }
      case 2: {
        const std::uint64_t high = (next() >> 3) | (1ULL << 61);
        return {high, next()};
      }
      case 3:
      case 4: return in_network(true);
      case 5: {
        const std::uint64_t which = next() % 3;
        const std::uint64_t carried = inner();
        return {which == 2 ? 0x64FF9BULL << 32 : 0, which == 1 ? 0xFFFFULL << 32 | carried : carried};
      }
      case 6: {
        const std::uint64_t high = 0x0064FF9B0001ULL << 16 | (next() & 0xFFFF);
        const std::uint64_t low = (next() & 0xFFFFFFFF) << 32;
        return {high, low | inner()};
      }
      case 7:
      case 11: {
        const std::uint64_t carried = 0x2002ULL << 48 | inner() << 16;
        const std::uint64_t high = carried | (next() & 0xFFFF);
        if (kind == 7) return {high, next()};
        const std::uint64_t low = isatap();
        return {high, low | inner()};
      }
      case 8: {
        const std::uint64_t high = 0x20010000ULL << 32 | inner();
        const std::uint64_t low = (next() & 0xFFFFFFFF) << 32;
        return {high, low | (inner() ^ 0xFFFFFFFF)};
      }
      case 9: {
        const std::uint64_t high = next() % 2 != 0 ? in_network(true).high : (next() >> 3) | (1ULL << 61);
        const std::uint64_t low = isatap();
        return {high, low | inner()};
      }
      default: break;
    }
    const std::uint64_t carrier = 5 + next() % 5;
    const Wide number = draw(carrier, is_v6);
    const std::uint64_t bit = next() % 128;
    return {bit >= 64 ? number.high ^ (1ULL << (bit - 64)) : number.high,
            bit < 64 ? number.low ^ (1ULL << bit) : number.low};
  }

  std::uint64_t state_;
  const std::array<std::vector<Network>, 2>& networks_;
};

Wide wide_of(std::string_view hex) {
  Wide out;
  const std::string_view low = hex.size() > 16 ? hex.substr(hex.size() - 16) : hex;
  std::from_chars(low.data(), low.data() + low.size(), out.low, 16);
  if (hex.size() > 16) std::from_chars(hex.data(), hex.data() + hex.size() - 16, out.high, 16);
  return out;
}
}  // namespace

TEST_CASE("address guard: a million addresses are judged as CPython's ipaddress and the registries have it") {
  std::ifstream golden(FORGELM_SOURCE_DIR "/tests/golden/address/million.txt");
  std::array<std::vector<Network>, 2> networks;
  std::uint64_t block = 0;
  for (std::string line; std::getline(golden, line);) {
    const auto words = split(line, ' ');
    if (words.at(0) == "network") {
      networks.at(words.at(1) == "6" ? 1 : 0).push_back({wide_of(words.at(2)), std::stoi(words.at(3))});
      continue;
    }
    Draw draw(block, networks);
    std::string verdicts;
    bool are_read_back = true;
    for (int i = 0; i < 1000; ++i) {
      const IpAddress address = draw.address(block % 12);
      const AddressKind kind = kind_of(address);
      verdicts += may_dial(kind, false) ? '1' : may_dial(kind, true) ? '2' : '0';
      are_read_back = are_read_back && parse_ip_address(to_string(address)) == address;
    }
    INFO("block " << block << ", addresses of kind " << block % 12);
    REQUIRE(sha256_hex(verdicts).substr(0, 16) == words.at(1));
    REQUIRE(are_read_back);
    ++block;
  }
  REQUIRE(block == 1056);
}

TEST_CASE("address guard: every address of the golden table is judged as expected") {
  std::ifstream table(FORGELM_SOURCE_DIR "/tests/golden/address/addresses.tsv");
  int num_rows = 0;
  for (std::string line; std::getline(table, line); ++num_rows) {
    const std::vector<std::string> cells = split(line, '\t');
    REQUIRE(cells.size() == 4);
    INFO(line);
    const bool is_global = kind_of_text(cells[0]) == AddressKind::global;
    REQUIRE((is_global ? "global" : "refused") == cells[2]);
    REQUIRE((cells[1] == cells[2]) == cells[3].empty());  // where we differ from CPython, the table says why
  }
  REQUIRE(num_rows > 700);
}

TEST_CASE("address guard: kinds are told apart") {
  REQUIRE(kind_of_text("127.8.9.1") == AddressKind::loopback);
  REQUIRE(kind_of_text("::1") == AddressKind::loopback);
  REQUIRE(kind_of_text("::ffff:127.0.0.1") == AddressKind::loopback);
  REQUIRE(kind_of_text("10.1.2.3") == AddressKind::private_);
  REQUIRE(kind_of_text("fd12::1") == AddressKind::private_);
  REQUIRE(kind_of_text("100.100.100.200") == AddressKind::shared);
  REQUIRE(kind_of_text("169.254.169.254") == AddressKind::link_local);
  REQUIRE(kind_of_text("::ffff:169.254.169.254") == AddressKind::link_local);
  REQUIRE(kind_of_text("64:ff9b::a9fe:a9fe") == AddressKind::link_local);
  REQUIRE(kind_of_text("64:ff9b:1::a9fe:a9fe") == AddressKind::link_local);
  REQUIRE(kind_of_text("64:ff9b:1::808:808") == AddressKind::private_);
  REQUIRE(kind_of_text("2002:a9fe:a9fe::") == AddressKind::link_local);
  REQUIRE(kind_of_text("fe80::1") == AddressKind::link_local);
  REQUIRE(kind_of_text("255.255.255.255") == AddressKind::broadcast);
  REQUIRE(kind_of_text("0.0.0.0") == AddressKind::unspecified);
  REQUIRE(kind_of_text("::") == AddressKind::unspecified);
  REQUIRE(kind_of_text("ff02::1") == AddressKind::multicast);
  REQUIRE(kind_of_text("2001:db8::1") == AddressKind::documentation);
  REQUIRE(kind_of_text("2606:4700::1") == AddressKind::global);
}

TEST_CASE("address guard: allowing private destinations opens loopback and private networks, and no metadata service") {
  for (const char* text : {"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"}) {
    INFO(text);
    REQUIRE_FALSE(may_dial(kind_of_text(text), false));
    REQUIRE(may_dial(kind_of_text(text), true));
  }
  for (const char* text : {"169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "255.255.255.255", "240.0.0.1",
                           "203.0.113.1", "192.0.0.192", "fec0::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
                           "fd00::5efe:a9fe:a9fe", "2001:0:a00:1:0:0:5601:5601", "2002:a00:1::5efe:a9fe:a9fe"}) {
    INFO(text);
    REQUIRE_FALSE(may_dial(kind_of_text(text), true));
  }
  REQUIRE(may_dial(kind_of_text("8.8.8.8"), false));
}

TEST_CASE("address guard: only full addresses are read") {
  for (const char* text : {"", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "1.2.3.4.5", "1.2.3.256", " 1.2.3.4",
                           "[::1]", "fe80::1%eth0", ":::", "host"}) {
    INFO(text);
    REQUIRE_FALSE(parse_ip_address(text).has_value());
  }
  REQUIRE_FALSE(parse_ip_address(std::string_view("1.2.3.4\0", 8)).has_value());
  REQUIRE(to_string(*parse_ip_address("0:0:0:0:0:ffff:7f00:1")) == "::ffff:127.0.0.1");
}
