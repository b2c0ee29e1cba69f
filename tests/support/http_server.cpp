#include "support/http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "forgelm/core/text.hpp"

namespace forgelm::test {

std::string ReceivedRequest::header(std::string_view name) const {
  for (const std::string& line : split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && equals_ignoring_ascii_case(std::string_view(line).substr(0, colon), name))
      return std::string(trim(std::string_view(line).substr(colon + 1)));
  }
  return "(absent)";
}

bool ServerConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const long sent =
        tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)))
                        : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string ServerConnection::receive(std::size_t size) {
  std::string buffer(size, '\0');
  const long received =
      tls_ != nullptr ? SSL_read(tls_, buffer.data(), static_cast<int>(size)) : ::recv(fd_, buffer.data(), size, 0);
  buffer.resize(received > 0 ? static_cast<std::size_t>(received) : 0);
  return buffer;
}

bool ServerConnection::wait(int milliseconds) const {
  for (int i = 0; i < milliseconds && !is_stopping_; i += 5) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return !is_stopping_;
}

void ServerConnection::reset() const {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

HttpServer::HttpServer(Handler handler, const TlsIdentity* identity) : handler_(std::move(handler)) {
  if (identity != nullptr) {
    tls_ = SSL_CTX_new(TLS_server_method());
    if (tls_ == nullptr || SSL_CTX_use_certificate(tls_, identity->certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(tls_, identity->key.get()) != 1)
      throw std::runtime_error("the test server cannot use its certificate");
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof place;
  auto* address = reinterpret_cast<sockaddr*>(&place);
  if (::bind(listener_, address, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, address, &size) != 0)
    throw std::runtime_error("the test server cannot listen on loopback");
  port_ = ntohs(place.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  is_stopping_ = true;
  acceptor_.join();
  ::close(listener_);
  for (std::thread& worker : workers_) worker.join();
  SSL_CTX_free(tls_);
}

std::string HttpServer::url(std::string_view path, std::string_view host) const {
  return cat(tls_ != nullptr ? "https://" : "http://", host, ":", port_, path);
}

std::vector<ReceivedRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::accept_all() {
  while (!is_stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 5) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++num_connections_;
    workers_.emplace_back([this, fd] { serve(fd); });
  }
}

void HttpServer::serve(int fd) {
  sigset_t pipe;  // OpenSSL writes with write(2)
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  const timeval patience{2, 0};  // a client that stalls must not hold up the end of the test
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int no_delay = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
  SSL* tls = tls_ != nullptr ? SSL_new(tls_) : nullptr;
  bool is_ready = true;
  if (tls != nullptr) {
    SSL_set_fd(tls, fd);
    is_ready = SSL_accept(tls) == 1;
  }
  ServerConnection connection(fd, tls, is_stopping_);
  std::string received;
  std::size_t end = std::string::npos;
  while (is_ready && (end = received.find("\r\n\r\n")) == std::string::npos) {
    const std::string more = connection.receive(65536);
    is_ready = !more.empty();
    received += more;
  }
  if (is_ready) {
    ReceivedRequest request;
    request.head = received.substr(0, end);
    request.body = received.substr(end + 4);
    const std::vector<std::string> first = split(request.head.substr(0, request.head.find('\r')), ' ');
    request.method = first.at(0);
    request.target = first.at(1);
    const std::string length = request.header("Content-Length");
    const std::size_t size = length == "(absent)" ? 0 : static_cast<std::size_t>(std::atol(length.c_str()));
    while (request.body.size() < size) {
      const std::string more = connection.receive(65536);
      if (more.empty()) break;
      request.body += more;
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    handler_(request, connection);
  }
  if (tls != nullptr) {
    if (is_ready) SSL_shutdown(tls);
    SSL_free(tls);
    ERR_clear_error();
  }
  ::close(fd);
}

std::string answer(int status, std::string_view body, std::string_view headers) {
  return cat("HTTP/1.1 ", status, " Test\r\nContent-Length: ", body.size(), "\r\nConnection: close\r\n", headers,
             "\r\n", body);
}

}  // namespace forgelm::test
