// A scripted HTTP/1.1 server on 127.0.0.1, for tests: a handler writes the raw answer, so that it can lie, stall and
// break off. One request a connection, one thread a connection; everything ends with the object.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/test_authority.hpp"

namespace forgelm::test {

struct ReceivedRequest {
  std::string method;
  std::string target;
  std::string head;  ///< all of it, as received
  std::string body;
  /// The value of a header, or "(absent)".
  std::string header(std::string_view name) const;
};

/// The server's end of a connection.
class ServerConnection {
 public:
  ServerConnection(int fd, SSL* tls, const std::atomic<bool>& is_stopping)
      : fd_(fd), tls_(tls), is_stopping_(is_stopping) {}
  /// False when the peer has gone.
  bool send(std::string_view bytes);
  /// Reads at most `size` bytes; empty at the end.
  std::string receive(std::size_t size);
  /// Waits, but not longer than the server lives; false then.
  bool wait(int milliseconds) const;
  /// Closes so that the peer sees a reset instead of an end.
  void reset() const;

 private:
  int fd_;
  SSL* tls_;
  const std::atomic<bool>& is_stopping_;
};

class HttpServer {
 public:
  using Handler = std::function<void(const ReceivedRequest&, ServerConnection&)>;

  /// With `identity`, over TLS.
  explicit HttpServer(Handler handler, const TlsIdentity* identity = nullptr);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  /// "http://127.0.0.1:PORT/path", or https, or with another host name.
  std::string url(std::string_view path = "/", std::string_view host = "127.0.0.1") const;
  /// Connections accepted so far, with or without a request.
  int num_connections() const { return num_connections_; }
  std::vector<ReceivedRequest> requests() const;

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> is_stopping_{false};
  std::atomic<int> num_connections_{0};
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> requests_;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

/// A complete answer with its Content-Length; `headers` are lines that each end in "\r\n".
std::string answer(int status, std::string_view body, std::string_view headers = "");

}  // namespace forgelm::test
