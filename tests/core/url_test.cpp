#include "forgelm/core/url.hpp"

#include "support/test.hpp"

using namespace forgelm;

TEST_CASE("url: a URL is taken apart") {
  const Url url = parse_url("HTTPS://Hub.Example.com/a/b?rev=1&x=%20#part").value();
  REQUIRE(url.scheme == "https");
  REQUIRE(url.host == "hub.example.com");
  REQUIRE(url.port == 443);
  REQUIRE(url.path == "/a/b");
  REQUIRE(url.query == "rev=1&x=%20");
  REQUIRE(url.text.find('#') == std::string::npos);
  REQUIRE(parse_url("http://h:8080").value().path == "/");
  REQUIRE(parse_url("http://h:8080").value().port == 8080);
  REQUIRE(parse_url("http://[2001:DB8::1]:81/").value().host == "2001:db8::1");
  REQUIRE(parse_url("http://example.com./x").value().host == "example.com");
  REQUIRE(parse_url("http://example.com./x").value().text == "http://example.com/x");
}

TEST_CASE("url: short, octal and hexadecimal IPv4 hosts become the address that would be dialled") {
  for (const char* text : {"http://127.1/", "http://0x7f.0.0.1/", "http://2130706433/", "http://0177.0.0.1/",
                           "http://0x7f000001/", "http://127.0.0.1/"}) {
    INFO(text);
    REQUIRE(parse_url(text).value().host == "127.0.0.1");
  }
}

TEST_CASE("url: what could mislead is refused with a reason") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "empty"},
      {"example.com", "start with http"},
      {"//example.com/", "start with http"},
      {"ftp://example.com/", "scheme"},
      {"file:///etc/passwd", "scheme"},
      {"gopher://x/", "scheme"},
      {"javascript:alert(1)", "start with http"},
      {"http://user@example.com/", "user name"},
      {"http://user:secret@example.com/", "user name"},
      {"http://@example.com/", "user name"},
      {"http://example.com@127.0.0.1/", "user name"},
      {"http://example.com\\@127.0.0.1/", "backslash"},
      {"http:\\\\example.com/", "backslash"},
      {"http://example.com/a b", "blank"},
      {"http://example.com/\n", "control"},
      {"http://exa\tmple.com/", "control"},
      {"http:///path", "no host"},
      {"http:/example.com/", "start with http"},
      {"http:example.com", "start with http"},
      {"http://:80/", "well-formed"},
      {"http://example.com:0/", ""},
      {"http://example.com:65536/", ""},
      {"http://example.com:-1/", ""},
      {"http://ex\xc3\xa4mple.com/", "ASCII"},
      {"http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "ASCII"},
      {"http://[fe80::1%25eth0]/", "zone"},
      {"http://exa*mple.com/", ""},
      {"http://./", ""},
  };
  for (const auto& [text, reason] : cases) {
    INFO(text);
    const Result<Url> url = parse_url(text);
    REQUIRE_FALSE(url.ok());
    REQUIRE(url.error().message.find(reason) != std::string::npos);
    REQUIRE(url.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("url: references are resolved against their base") {
  const Url base = parse_url("https://a.test:444/x/y?q=1").value();
  REQUIRE(resolve_url(base, "/z").value().text == "https://a.test:444/z");
  REQUIRE(resolve_url(base, "z").value().text == "https://a.test:444/x/z");
  REQUIRE(resolve_url(base, "//b.test/z").value().text == "https://b.test/z");
  REQUIRE(resolve_url(base, "http://c.test/").value().text == "http://c.test/");
  REQUIRE_FALSE(resolve_url(base, "file:///etc/passwd").ok());
  REQUIRE_FALSE(resolve_url(base, "//u:p@b.test/").ok());
  REQUIRE_FALSE(resolve_url(base, "///b.test/").ok());
  REQUIRE_FALSE(resolve_url(base, "http:/b.test/").ok());
  REQUIRE(base.has_same_origin(parse_url("https://a.test:444/other").value()));
  REQUIRE_FALSE(base.has_same_origin(parse_url("https://a.test/other").value()));
  REQUIRE_FALSE(base.has_same_origin(parse_url("http://a.test:444/other").value()));
}

TEST_CASE("url: masking hides user, password, query and, when asked, the path") {
  REQUIRE(mask_url("https://u:p@h.test/a?token=t#f") == "https://h.test/a?***");
  REQUIRE(mask_url("https://h.test/services/T0/B0/key", true) == "https://h.test/***");
  REQUIRE(mask_url("https://h.test/", true) == "https://h.test/");
  REQUIRE(mask_url("https://h.test/a#secret") == "https://h.test/a");
  REQUIRE(mask_url("https://a:b@c@h.test/") == "https://h.test/");
  REQUIRE(mask_url("no url at all") == "no url at all");
}
