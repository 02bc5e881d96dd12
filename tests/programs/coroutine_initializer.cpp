// flags: -std=c++20
// A constructor starts a coroutine, and main resumes it: what the coroutine writes then is not the constructor's doing any more,
// though nobody else calls it.
#include <coroutine>
#include <cstdio>

struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};

static int stage = 1;

static Task write_stages() {
  stage = 2;
  co_await std::suspend_always{};
  stage = 3;
  co_await std::suspend_always{};
  stage = 4;
}

static Task task = write_stages();

__attribute__((noinline)) static int read_stage() { return stage; }

static int sum() {
  int sum = 0;
  for (int i = 0; i < 2000; i++)
    sum += read_stage();
  return sum;
}

int main() {
  std::printf("%d\n", sum());
  task.handle.resume();
  std::printf("%d\n", sum());
  task.handle.resume();
  std::printf("%d\n", sum());
  task.handle.destroy();
  return 91;
}
