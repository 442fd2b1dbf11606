//! How long a request was with the database: waiting for a connection, and working on it.

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant};

tokio::task_local! {
    static SPENT: Cell<Duration>;
}

/// Runs `request` and says what of its time it was with the database.
pub async fn measured<T>(request: impl Future<Output = T>) -> (T, Duration) {
    SPENT
        .scope(Cell::default(), async {
            let value = request.await;
            (value, SPENT.with(Cell::get))
        })
        .await
}

/// Counts the time that `work` takes to the request that it belongs to, if to one.
pub(super) async fn counted<T>(work: impl Future<Output = T>) -> T {
    let since = Instant::now();
    let value = work.await;
    // Work without a request, such as a job's, is nobody's time.
    SPENT.try_with(|spent| spent.set(spent.get() + since.elapsed())).ok();
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn the_time_of_all_its_work_is_counted_and_no_other() {
        let pause = Duration::from_millis(5);
        let (value, spent) = measured(async {
            counted(tokio::time::sleep(pause)).await;
            counted(tokio::time::sleep(pause)).await;
            7
        })
        .await;
        assert_eq!(value, 7);
        assert!(spent >= 2 * pause);
        assert_eq!(measured(tokio::time::sleep(pause)).await.1, Duration::ZERO);
        counted(tokio::time::sleep(Duration::ZERO)).await;
    }
}
