//! Actors inside an application that runs on tokio already: futures of libprocess are awaited like any other.
//!
//! ```text
//! cargo run --example inside_tokio
//! ```

use libprocess::{Context, FutureError, Process, System};
use std::time::Duration;

/// A shop with so many things to sell.
struct Shop {
    stock: u32,
}

impl Shop {
    fn buy(&mut self, n: u32) -> Result<u32, String> {
        let left = self
            .stock
            .checked_sub(n)
            .ok_or(format!("only {} left", self.stock))?;
        self.stock = left;
        Ok(left)
    }
}

impl Process for Shop {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.delay(Duration::from_millis(50), |shop, _| shop.stock += 100);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    // The actors have threads of their own; this one goes on with whatever tokio does.
    let system = System::builder().client_only().start()?;
    let shop = system.spawn("shop", Shop { stock: 5 }).expect("the name is free");

    let sales = (0..3).map(|_| shop.dispatch(|shop, _| shop.buy(2)));
    for sale in sales.collect::<Vec<_>>() {
        match sale.await {
            Ok(Ok(left)) => println!("sold, {left} left"),
            Ok(Err(why)) => println!("not sold: {why}"),
            Err(error) => println!("the shop is closed: {error}"),
        }
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let restocked = shop.dispatch(|shop, _| shop.buy(50)).await;
    println!("after the delivery: {restocked:?}");

    shop.terminate();
    drop(shop.wait().await);
    assert_eq!(
        shop.dispatch(|shop, _| shop.stock).await,
        Err(FutureError::Abandoned)
    );
    system.shutdown();
    Ok(())
}
